import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createLog } from './log.ts';

/** The output of one call of the logger. */
function written(write: (log: ReturnType<typeof createLog>) => void): string {
  const lines: string[] = [];
  const to = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  write(createLog('test', 'trace', to));
  return lines.join('');
}

const KEY = `mir_ingest_${'aB3-_'.repeat(6)}xy`;
const TOKEN = `${btoa('{"alg":"HS256"}')}.${btoa('{"tenant":1}')}.${'aB3-_'.repeat(8)}xyz`;

describe('by name', () => {
  test.each([
    'authorization',
    'Authorization',
    'cookie',
    'set-cookie',
    'password',
    'passwd',
    'secret',
    'MIRANTE_SECRET',
    'key',
    'x-api-key',
    'operatorKey',
    'keys',
    'token',
    'verifier',
    'connectionString',
    'databaseUrl',
    'API_DATABASE_URL',
    'redis_url',
  ])('%s is hidden at the top, below others, in lists and whatever it holds', (name) => {
    for (const value of ['hush', ['hush'], { deep: { deeper: 'hush' } }]) {
      const line = written((log) =>
        log.info({ [name]: value, headers: { [name]: value }, a: [{ b: { [name]: value } }] }, 'x'),
      );
      expect(line).not.toContain('hush');
      expect(JSON.parse(line).headers).toEqual({ [name]: '[Redacted]' });
    }
  });

  test('values that are no secrets stay unchanged', () => {
    const at = new Date(0);
    const fields = {
      tenant: 't',
      keyId: 'k',
      ms: 1.5,
      list: [1, null, 'x'],
      nothing: null,
      at,
      request: { url: '/v1/events' },
    };
    const line = JSON.parse(written((log) => log.info(fields, 'request')));
    expect(line).toMatchObject({ ...fields, at: at.toJSON(), msg: 'request', level: 'info', program: 'test' });
  });

  test('an error keeps its type, message, stack, cause and fields, except for secret ones', () => {
    const error = Object.assign(new TypeError('no', { cause: new Error('because') }), {
      code: 'E1',
      headers: { cookie: 'hush' },
    });
    for (const fields of [{ err: error }, { error }, { a: { b: error } }]) {
      const line = written((log) => log.error(fields, 'failed'));
      expect(line).toContain('"type":"TypeError","message":"no: because","stack":"TypeError: no');
      expect(line).toContain('"code":"E1","headers":{"cookie":"[Redacted]"}');
    }
    expect(JSON.parse(written((log) => log.error(error)))).toMatchObject({ err: { message: 'no: because' }, msg: 'no' });
  });

  test('circular and very deep values are written without endless loops or errors', () => {
    const circle: Record<string, unknown> = { password: 'hush' };
    circle.self = circle;
    let deep: unknown = { password: 'hush' };
    for (let n = 0; n < 5_000; n++) deep = { deep };
    const line = written((log) => log.info({ circle, deep }, 'x'));
    expect(line).toContain('[Circular]');
    expect(line).toContain('[Deep]');
    expect(line).not.toContain('hush');
  });
});

describe('by shape', () => {
  test.each([
    ['postgres://user:hush@host/db', 'postgres://user:[Redacted]@host/db'],
    ['rediss://:hush@host:6379', 'rediss://:[Redacted]@host:6379'],
    ['at postgres://u:hu/sh@a@host, then redis://u:hush@h', 'at postgres://u:[Redacted]@host, then redis://u:[Redacted]@h'],
    ['postgres://u:hu"sh@host', 'postgres://u:[Redacted]@host'],
    ['http://x/a?to=postgres://u:hush@h', 'http://x/a?to=postgres://u:[Redacted]@h'],
    [`postgres://u:${'hush'.repeat(500)}@h`, 'postgres://u:[Redacted]@h'],
    ['file:///x/node_modules/@a/b.js:10:3', 'file:///x/node_modules/@a/b.js:10:3'],
    ['postgres:///db?user=u&password=hush&x=1', 'postgres:///db?user=u&password=[Redacted]&x=1'],
    ['/dashboards/a?token=hush', '/dashboards/a?token=[Redacted]'],
    [`a ${TOKEN} b\n${TOKEN}`, 'a [Redacted] b\n[Redacted]'],
    [`Bearer ${KEY}, again ${KEY}`, 'Bearer mir_ingest_[Redacted], again mir_ingest_[Redacted]'],
    [`signed with whsec_${'aB3+/'.repeat(8)}xyz= twice`, 'signed with whsec_[Redacted] twice'],
    ['http://127.0.0.1:3000/v1/events', 'http://127.0.0.1:3000/v1/events'],
    ['key mir_read_aB3x revoked', 'key mir_read_aB3x revoked'],
  ])('%s', (text, shown) => {
    expect(JSON.parse(written((log) => log.info({ a: { b: [text] } }, text)))).toMatchObject({ a: { b: [shown] }, msg: shown });
    const { err } = JSON.parse(written((log) => log.error({ err: new Error(text) }, 'failed')));
    expect(err.message).toBe(shown);
    expect(err.stack).toContain(`Error: ${shown}\n    at `);
  });

  test('the bindings of a child logger are redacted too', () => {
    expect(written((log) => log.child({ key: KEY }).info('x'))).not.toContain(KEY);
  });

  test('no line takes long, whatever a client puts into it', () => {
    for (const part of [
      '://a:',
      '://',
      '?key=',
      'mir_a_',
      '\\',
      '://a:\\',
      'eyJ',
      'eyJaaaaaa.',
      'eyJaaaaaa.eyJ',
      'whsec_',
      'whsec_aaaaa ',
    ]) {
      const line = part.repeat(100_000);
      const started = performance.now();
      written((log) => log.info(line));
      expect(performance.now() - started).toBeLessThan(1_000);
    }
  });
});
