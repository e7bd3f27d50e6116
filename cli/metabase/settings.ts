import type { Json, Metabase } from './client.ts';
import { hashOf, type State } from './state.ts';
import type { Step } from './steps.ts';

const MODULAR_SINCE = 65;

export type WantedSettings = { version: number; embeddingSecret: string; siteUrl: string };

/** Metabase's settings by name. */
export async function readSettings(metabase: Metabase): Promise<Map<string, Json>> {
  const settings = await metabase.ask('GET', '/api/setting');
  return new Map(settings.map((one: Json) => [one.key, one]));
}

/**
 * The steps after which Metabase embeds dashboards and has no public sharing. Settings that its environment defines, or that its version
 * does not have, are skipped. `found` is undefined if the settings cannot be read yet.
 */
export function settingSteps(
  wanted: WantedSettings,
  found: Map<string, Json> | undefined,
  state: State,
  keep: () => void,
): Step[] {
  const embedding = wanted.version >= MODULAR_SINCE ? 'enable-embedding-modular' : 'enable-embedding-static';
  const plain: [string, unknown][] = [
    [embedding, true],
    ['site-url', wanted.siteUrl],
    ['enable-public-sharing', false],
    ['show-static-embed-terms', false],
    ['show-modular-embed-terms', false],
  ];
  const steps = plain.flatMap(([key, value]) => {
    const setting = found?.get(key);
    if (found && (!setting || setting.is_env_setting || String(setting.value) === String(value))) return [];
    return [step(key, `${JSON.stringify(setting?.value ?? null)} → ${JSON.stringify(value)}`, value)];
  });
  return [...steps, ...secretSteps(wanted.embeddingSecret, found, state, keep)];
}

function secretSteps(secret: string, found: Map<string, Json> | undefined, state: State, keep: () => void): Step[] {
  const key = 'embedding-secret-key';
  const setting = found?.get(key);
  // Some versions show the secret to an administrator. For those that mask it, the hash of the one sent last is compared.
  const isThere = setting?.value === secret || (/\*/.test(String(setting?.value)) && state.secrets[key] === hashOf(secret));
  if (found && (!setting || setting.is_env_setting || isThere)) return [];
  const sent = () => {
    state.secrets[key] = hashOf(secret);
    keep();
  };
  return [step(key, 'not the one that Mirante signs with', secret, sent)];
}

function step(key: string, difference: string, value: unknown, done?: () => void): Step {
  return {
    action: 'change',
    kind: 'setting',
    key,
    differences: [difference],
    run: async (metabase) => {
      await metabase.ask('PUT', `/api/setting/${key}`, { value });
      done?.();
    },
  };
}
