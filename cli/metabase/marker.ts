import { createHash } from 'node:crypto';
import { v5 as uuidv5 } from 'uuid';

const NAMESPACE = '7d1d4f6e-2f0b-5a9c-9f53-6c1f0f2b8a11';
const MARKER = /^managed-by: mirante key=([a-z0-9/-]+)$/m;

/** A description that says which object of ours this is, whatever people call it. */
export function marked(key: string, words?: string): string {
  return `${words ? `${words}\n\n` : ''}managed-by: mirante key=${key}`;
}

/** The key in a description, or undefined where the object is not ours. */
export function keyIn(description: unknown): string | undefined {
  return typeof description === 'string' ? MARKER.exec(description)?.[1] : undefined;
}

/** A UUID that is the same on every run, for what a card consists of. */
export const idOf = (name: string) => uuidv5(name, NAMESPACE);

/** A card's `entity_id`, the one identity that Metabase lets a client choose: 21 characters. */
export const entityIdOf = (key: string) => createHash('sha256').update(`mirante card ${key}`).digest('base64url').slice(0, 21);
