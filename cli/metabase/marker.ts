import { createHash } from 'node:crypto';
import { v5 as uuidv5 } from 'uuid';

const NAMESPACE = '7d1d4f6e-2f0b-5a9c-9f53-6c1f0f2b8a11';
const MARKER = /^managed-by: mirante key=([a-z0-9/-]+)$/m;

/** A description with the marker that identifies an object of ours even after it is renamed. */
export function marked(key: string, words?: string): string {
  return `${words ? `${words}\n\n` : ''}managed-by: mirante key=${key}`;
}

/** The key in a description, or undefined if the object is not ours. */
export function keyIn(description: unknown): string | undefined {
  return typeof description === 'string' ? MARKER.exec(description)?.[1] : undefined;
}

/** A UUID that is the same on every run, for parts of a card. */
export const idOf = (name: string) => uuidv5(name, NAMESPACE);

/** A card's `entity_id`, 21 characters: the only id that Metabase lets a client choose. */
export const entityIdOf = (key: string) => createHash('sha256').update(`mirante card ${key}`).digest('base64url').slice(0, 21);
