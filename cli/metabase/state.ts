import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Config } from '../../lib/config.ts';
import { readJson, writePrivate } from '../files.ts';

/**
 * What Metabase shows once or never again, in `<data dir>/metabase.json`: the provisioner's key, and hashes of the secrets that
 * Metabase was given. Where it is lost, the key is made anew and the secrets are sent again.
 */
export type State = { url: string; apiKey?: string; secrets: Record<string, string> };

type Place = Pick<Config, 'MIRANTE_DATA_DIR'>;

const fileIn = ({ MIRANTE_DATA_DIR }: Place) => join(MIRANTE_DATA_DIR, 'metabase.json');

/** What is known of the Metabase at `url`, which may be nothing. */
export function readState(place: Place, url: string): State {
  const state = readJson<State>(fileIn(place));
  return state?.url === url ? state : { url, secrets: {} };
}

export function writeState(place: Place, state: State): void {
  writePrivate(fileIn(place), `${JSON.stringify(state, null, 2)}\n`);
}

export const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex');
