import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Config } from '../../lib/config.ts';
import { readJson, writePrivate } from '../files.ts';

/**
 * What Metabase shows only once, kept in `<data dir>/metabase.json`: the provisioner's key, and hashes of the secrets that were sent to
 * Metabase. If the file is lost, the key is regenerated and the secrets are sent again.
 */
export type State = { url: string; apiKey?: string; secrets: Record<string, string> };

type Place = Pick<Config, 'MIRANTE_DATA_DIR'>;

const fileIn = ({ MIRANTE_DATA_DIR }: Place) => join(MIRANTE_DATA_DIR, 'metabase.json');

/** The stored state of the Metabase at `url`, or an empty one. */
export function readState(place: Place, url: string): State {
  const state = readJson<State>(fileIn(place));
  return state?.url === url ? state : { url, secrets: {} };
}

/** Stores the state, readable by its owner only. */
export function writeState(place: Place, state: State): void {
  writePrivate(fileIn(place), `${JSON.stringify(state, null, 2)}\n`);
}

/** The SHA-256 of a secret, in hexadecimal digits. */
export const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex');
