import { hkdfSync } from 'node:crypto';
import { type Config, secretOf } from '../../lib/config.ts';
import { createMetabase, type Json, type Metabase, Refused, type Waits, waitUntilReady } from './client.ts';
import { readState, type State, writeState } from './state.ts';

const KEY_NAME = 'mirante provisioner';
const ADMINISTRATORS = 2;
const KNOWN = { first: 58, last: 65 };

export type Admin = { email: string; password: string };

/** A connection to Metabase with administrator rights. `end` logs out if there was a login. */
export type Connected = { metabase: Metabase; version: number; state: State; end: () => Promise<void> };

/** Metabase's administrator. The password is the configured one, or derived so that it satisfies Metabase's strictest rules. */
export function adminOf(config: Config): Admin {
  const derived = () => hkdfSync('sha256', secretOf(config), '', 'mirante metabase administrator', 24);
  const password = config.METABASE_ADMIN_PASSWORD ?? `Mb1-${Buffer.from(derived()).toString('base64url')}`;
  return { email: config.METABASE_ADMIN_EMAIL, password };
}

/** The address of Metabase. Throws if it is not configured. */
export function urlOf(config: Config): string {
  if (!config.METABASE_URL) throw new Error('METABASE_URL is not set. Set it to the address of Metabase.');
  return config.METABASE_URL;
}

/**
 * Connects with the provisioner's key. With `change` it creates the administrator's account and the key if they are missing.
 * Without, it logs in if there is no key, and returns undefined if nobody has an account yet.
 */
export async function connect(
  config: Config,
  { change, waits, say }: { change: boolean; waits: Waits; say: (sentence: string) => void },
): Promise<Connected | undefined> {
  const url = urlOf(config);
  const properties = await waitUntilReady(url, waits);
  const version = versionOf(properties, say);
  const state = readState(config, url);
  if (!properties['has-user-setup'] && !change) return undefined;
  const kept = state.apiKey === undefined ? undefined : createMetabase(url, { 'X-API-Key': state.apiKey }, waits);
  if (kept && (await isAdmin(kept))) return { metabase: kept, version, state, end: async () => undefined };
  const anonymous = createMetabase(url, {}, waits);
  const session = await logIn(anonymous, properties, adminOf(config), say);
  const metabase = createMetabase(url, { 'X-Metabase-Session': session }, waits);
  const end = async () => void (await metabase.call('DELETE', '/api/session'));
  if (!change) return { metabase, version, state, end };
  state.apiKey = await makeKey(metabase);
  writeState(config, state);
  await end();
  return { metabase: createMetabase(url, { 'X-API-Key': state.apiKey }, waits), version, state, end: async () => undefined };
}

function versionOf(properties: Json, say: (sentence: string) => void): number {
  const tag = String(properties.version?.tag);
  const version = Number(/^v[01]\.(\d+)/.exec(tag)?.[1] ?? 0);
  if (version < KNOWN.first || version > KNOWN.last) {
    say(`Warning: Metabase ${tag} is not supported. Supported are 0.${KNOWN.first} to 0.${KNOWN.last}.`);
  }
  return version;
}

async function isAdmin(metabase: Metabase): Promise<boolean> {
  const { status, body } = await metabase.call('GET', '/api/user/current');
  return status === 200 && body.is_superuser === true;
}

// Metabase shows the setup token even after setup, so the token proves nothing. A second setup is refused with 403.
async function logIn(metabase: Metabase, properties: Json, { email, password }: Admin, say: (sentence: string) => void) {
  if (!properties['has-user-setup']) {
    const answer = await metabase.call('POST', '/api/setup', {
      token: properties['setup-token'],
      user: { email, password, first_name: 'Mirante', last_name: 'Administrator' },
      prefs: { site_name: 'Mirante', site_locale: 'en' },
    });
    if (answer.status < 300) {
      say(`Created Metabase's first account: ${email}.`);
      return answer.body.id as string;
    }
    if (answer.status !== 403) throw new Refused('POST', '/api/setup', answer);
  }
  const answer = await metabase.call('POST', '/api/session', { username: email, password });
  if (answer.status < 300) return answer.body.id as string;
  if (answer.status !== 401) throw new Refused('POST', '/api/session', answer);
  throw new Error(
    `Metabase rejects the login of ${email}. Set METABASE_ADMIN_EMAIL and METABASE_ADMIN_PASSWORD to its administrator's.`,
  );
}

// Metabase shows a key once. If it has one that we do not know, it is regenerated.
async function makeKey(metabase: Metabase): Promise<string> {
  const known = await metabase.ask('GET', '/api/api-key');
  const lost = known.find((key: Json) => key.name === KEY_NAME);
  const made = lost
    ? await metabase.ask('PUT', `/api/api-key/${lost.id}/regenerate`)
    : await metabase.ask('POST', '/api/api-key', { name: KEY_NAME, group_id: ADMINISTRATORS });
  return made.unmasked_key as string;
}
