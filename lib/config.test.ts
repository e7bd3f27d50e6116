import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { environmentWith, readConfig, SECRETS } from './config.ts';

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const variables = [...read('lib/config.ts').matchAll(/^ {2}([A-Z][A-Z_]+): /gm)].map((match) => match[1] as string);

it('finds the settings in lib/config.ts', () => {
  expect(variables).toEqual(expect.arrayContaining(Object.keys(readConfig({}))));
  expect(variables.length).toBeGreaterThan(20);
});

it.each(['.env.example', 'docs/settings.md'])('every setting is in %s', (path) => {
  const words = new Set(read(path).match(/[A-Z][A-Z_]+/g));
  expect(variables.filter((name) => !words.has(name))).toEqual([]);
});

it('.env.example has the defaults', () => {
  const examples = [...read('.env.example').matchAll(/^# ([A-Z_]+)=(.+)$/gm)].map(([, name, value]) => [name, value]);
  expect(readConfig(Object.fromEntries(examples))).toEqual(readConfig({}));
});

describe('docker-compose.yml', () => {
  const compose = read('docker-compose.yml');
  const example = read('.env.example');
  const passed = [...compose.matchAll(/^ +([A-Z_]+): \$\{\1(?::-(.*)|:\?.*)\}$/gm)].map(([, name, value]) => ({ name, value }));
  // Where programs listen in the containers' network, or settings that Metabase's own container names differently.
  const own = [...(example.split(/^# --- where one program listens/m)[1] as string).matchAll(/^# ([A-Z_]+)=/gm)].map(
    ([, name]) => name,
  );

  it('passes every setting on to programs, or sets it itself', () => {
    const known = [...own, ...passed.map(({ name }) => name)];
    expect(variables.filter((name) => !known.includes(name))).toEqual([]);
    expect(own.filter((name) => !variables.includes(name as string))).toEqual([]);
    for (const name of own) expect([name, compose.includes(`\${${name}`)]).toEqual([name, false]);
  });

  it('repeats no default of lib/config.ts', () => {
    expect(passed.filter(({ value }) => value).map(({ name, value }) => `${name}=${value}`)).toEqual([
      'API_URL=http://api:3000',
    ]);
  });

  it('uses no variable that .env.example lacks', () => {
    const asked = [...compose.matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name);
    const examples = [...example.matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name]) => name);
    expect([...new Set(asked)].filter((name) => !examples.includes(name))).toEqual([]);
    expect(examples.filter((name) => !asked.includes(name) && !own.includes(name))).toEqual([]);
  });
});

it('names each invalid variable', () => {
  expect(() => readConfig({ PORT: 'x', REDIS_URL: 'http://r' })).toThrow(
    /"PORT" must be a whole number from 0 to 65535; it is "x"\..*"REDIS_URL" must start with redis:\/\//s,
  );
});

it('reads proxies as addresses and blocks, and keeps the access log for at least half a year', () => {
  expect(readConfig({}).TRUSTED_PROXIES).toEqual([]);
  const given = { TRUSTED_PROXIES: ' 10.0.0.1, 2001:db8::/32,', ACCESS_LOG_RETENTION_DAYS: '365' };
  expect(readConfig(given)).toMatchObject({ TRUSTED_PROXIES: ['10.0.0.1', '2001:db8::/32'], ACCESS_LOG_RETENTION_DAYS: 365 });
  expect(() => readConfig({ TRUSTED_PROXIES: '10.0.0.1 10.0.0.2' })).toThrow('"TRUSTED_PROXIES" must be IP addresses');
  expect(() => readConfig({ ACCESS_LOG_RETENTION_DAYS: '182' })).toThrow('ACCESS_LOG_RETENTION_DAYS');
});
describe('secrets in files', () => {
  function fileWith(text: string): string {
    const folder = mkdtempSync(join(tmpdir(), 'mirante-config-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'value');
    writeFileSync(file, text);
    return file;
  }
  const good = (name: string) => {
    if (!name.endsWith('_URL')) return 'a'.repeat(64);
    const schemes: Record<string, string> = {
      REDIS_URL: 'rediss',
      SMTP_URL: 'smtps',
      API_URL: 'https',
      OBJECT_STORE_URL: 's3',
      METABASE_URL: 'https',
      METABASE_SITE_URL: 'https',
    };
    const scheme = schemes[name] ?? 'postgres';
    return `${scheme}://user:pass@host/name`;
  };

  it('covers every setting that holds a secret', () => {
    expect(variables.filter((name) => /_URL$|SECRET|PASSWORD|KEY/.test(name))).toEqual([...SECRETS]);
  });

  it.each(SECRETS)('%s is read from its file, without the line end', (name) => {
    expect(readConfig({ [`${name}_FILE`]: fileWith(`${good(name)}\n`) })[name]).toBe(good(name));
  });

  it.each(SECRETS)('%s is rejected if its file is set too; the error names both and shows neither value', (name) => {
    const refusal = refusalOf({ [name]: good(name), [`${name}_FILE`]: fileWith(good(name)) });
    expect(refusal).toContain(`"${name}" and "${name}_FILE" are both set`);
    expect(refusal).not.toContain(good(name));
  });

  it.each(SECRETS)('the error names a %s_FILE that cannot be read', (name) => {
    expect(refusalOf({ [`${name}_FILE`]: '/nowhere/at-all' })).toContain(
      `"${name}_FILE" names a file that cannot be read (ENOENT)`,
    );
  });

  it.each(SECRETS)('an invalid %s is never shown, wherever it came from', (name) => {
    for (const bad of !name.endsWith('_URL') ? ['hush'] : ['hush', 'postgres://u:hush@host:x/name', 'rediss://u:hush@a b']) {
      for (const env of [{ [name]: bad }, { [`${name}_FILE`]: fileWith(bad) }]) {
        expect(refusalOf(env)).toContain(`"${name}" `);
        expect(refusalOf(env)).not.toContain('hush');
      }
    }
  });

  it("a setting that a program passes on replaces the setting's file", () => {
    vi.stubEnv('DATABASE_URL_FILE', '/run/secrets/url');
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(environmentWith({ DATABASE_URL: undefined })).toMatchObject({
      DATABASE_URL: undefined,
      DATABASE_URL_FILE: undefined,
    });
  });
});

function refusalOf(env: Record<string, string>): string {
  try {
    readConfig(env);
  } catch (error) {
    return String(error);
  }
  return '';
}
