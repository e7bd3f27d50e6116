import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readConfig } from './config.ts';

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const variables = [...read('lib/config.ts').matchAll(/^ {2}([A-Z][A-Z_]+): /gm)].map((match) => match[1] as string);

it('finds the settings in lib/config.ts', () => {
  expect(variables).toEqual(expect.arrayContaining(Object.keys(readConfig({}))));
  expect(variables.length).toBeGreaterThan(20);
});

it.each(['.env.example', 'docs/operations.md'])('every setting stands in %s', (path) => {
  const words = new Set(read(path).match(/[A-Z][A-Z_]+/g));
  expect(variables.filter((name) => !words.has(name))).toEqual([]);
});

it('.env.example has the defaults', () => {
  const examples = [...read('.env.example').matchAll(/^# ([A-Z_]+)=(.+)$/gm)].map(([, name, value]) => [name, value]);
  expect(readConfig(Object.fromEntries(examples))).toEqual(readConfig({}));
});

it('names each variable that cannot be used', () => {
  expect(() => readConfig({ PORT: 'x', REDIS_URL: 'http://r' })).toThrow(/PORT: .*REDIS_URL: must start with redis:\/\//s);
});

it('takes proxies as addresses and blocks, and keeps the access log for half a year at least', () => {
  expect(readConfig({}).TRUSTED_PROXIES).toEqual([]);
  const given = { TRUSTED_PROXIES: ' 10.0.0.1, 2001:db8::/32,', ACCESS_LOG_RETENTION_DAYS: '365' };
  expect(readConfig(given)).toMatchObject({ TRUSTED_PROXIES: ['10.0.0.1', '2001:db8::/32'], ACCESS_LOG_RETENTION_DAYS: 365 });
  expect(() => readConfig({ TRUSTED_PROXIES: '10.0.0.1 10.0.0.2' })).toThrow('TRUSTED_PROXIES: must be addresses');
  expect(() => readConfig({ ACCESS_LOG_RETENTION_DAYS: '182' })).toThrow('ACCESS_LOG_RETENTION_DAYS');
});
