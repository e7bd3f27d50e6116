import { hkdfSync } from 'node:crypto';
import { type Config, secretOf } from '../../lib/config.ts';
import { createMetabase, type Json, type Metabase, Refused, type Waits, waitUntilReady } from './client.ts';
import { readState, type State, writeState } from './state.ts';

const KEY_NAME = 'mirante provisioner';
const ADMINISTRATORS = 2;
const KNOWN = { first: 58, last: 65 };

export type Admin = { email: string; password: string };

/** A Metabase that may be changed, with what is known of it. `end` logs out where there was a login. */
export type Connected = { metabase: Metabase; version: number; state: State; end: () => Promise<void> };

/** Metabase's administrator: the password as given, else derived, with what the strictest of its rules asks for. */
export function adminOf(config: Config): Admin {
  const derived = () => hkdfSync('sha256', secretOf(config), '', 'mirante metabase administrator', 24);
  const password = config.METABASE_ADMIN_PASSWORD ?? `Mb1-${Buffer.from(derived()).toString('base64url')}`;
  return { email: config.METABASE_ADMIN_EMAIL, password };
}

export function urlOf(config: Config): string {
  if (!config.METABASE_URL) throw new Error('METABASE_URL is missing: set it to the Metabase to provision.');
  return config.METABASE_URL;
}

/**
 * Connects with the provisioner's key. With `change`, makes what is missing on the way: the administrator's account, the key;
 * else logs in where there is no key, and gives undefined where nobody has an account yet.
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
    say(`Warning: this Metabase has the version ${tag}; Mirante was written for 0.${KNOWN.first} to 0.${KNOWN.last}.`);
  }
  return version;
}

async function isAdmin(metabase: Metabase): Promise<boolean> {
  const { status, body } = await metabase.call('GET', '/api/user/current');
  return status === 200 && body.is_superuser === true;
}

// The token for the first account stays visible when there is one, so it says nothing. Who comes second is refused with 403.
async function logIn(metabase: Metabase, properties: Json, { email, password }: Admin, say: (sentence: string) => void) {
  if (!properties['has-user-setup']) {
    const answer = await metabase.call('POST', '/api/setup', {
      token: properties['setup-token'],
      user: { email, password, first_name: 'Mirante', last_name: 'Administrator' },
      prefs: { site_name: 'Mirante', site_locale: 'en' },
    });
    if (answer.status < 300) {
      say(`Created the administrator's account in Metabase: ${email}.`);
      return answer.body.id as string;
    }
    if (answer.status !== 403) throw new Refused('POST', '/api/setup', answer);
  }
  const answer = await metabase.call('POST', '/api/session', { username: email, password });
  if (answer.status < 300) return answer.body.id as string;
  if (answer.status !== 401) throw new Refused('POST', '/api/session', answer);
  throw new Error(
    `Metabase rejects the login of ${email}: set METABASE_ADMIN_EMAIL and METABASE_ADMIN_PASSWORD to its administrator's.`,
  );
}

// A key is shown once: where one is there and we do not have it, it is made anew under its name.
async function makeKey(metabase: Metabase): Promise<string> {
  const known = await metabase.ask('GET', '/api/api-key');
  const lost = known.find((key: Json) => key.name === KEY_NAME);
  const made = lost
    ? await metabase.ask('PUT', `/api/api-key/${lost.id}/regenerate`)
    : await metabase.ask('POST', '/api/api-key', { name: KEY_NAME, group_id: ADMINISTRATORS });
  return made.unmasked_key as string;
}
