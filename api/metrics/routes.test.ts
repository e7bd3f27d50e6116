import { beforeAll, expect, test } from 'vitest';
import { type Answer, useApi } from '../../test/support/api.ts';
import { makeTenant, useDatabase } from '../../test/support/harness.ts';

const VALIDATION = 'br.validahub.validation.completed.v1';
const NOW = Date.now();
const ago = (minutes: number) => new Date(NOW - minutes * 60_000).toISOString();

const db = await useDatabase();
// No job runs here, so all metrics are read live.
await db.owner.query("update storage.rollups set materialised_to = date_trunc('day', now() - interval '60 days')");
const api = await useApi(db);
const tenant = await makeTenant(db, { timezone: 'America/Sao_Paulo' });
const other = await makeTenant(db);

beforeAll(async () => {
  const validation = (id: string, minutes: number, data: object) => ({ id, type: VALIDATION, time: ago(minutes), data });
  await api.call('POST', '/v1/events', tenant.keys.ingest, [
    validation('1', 10, {
      marketplace: '=2+3',
      outcome: 'success',
      rows: 100,
      errors: 5,
      duration_ms: 100,
      rules: { sku: 4, '@sum': 1 },
    }),
    validation('2', 20, {
      marketplace: 'amazon',
      outcome: 'failure',
      rows: 50,
      errors: 10,
      duration_ms: 300,
      rules: { sku: 10 },
    }),
    validation('3', 90, { outcome: 'success', rows: 50, duration_ms: 200 }),
    { id: '4', type: 'a.b.v1', time: ago(20 * 24 * 60) },
  ]);
  await api.call('POST', '/v1/events', other.keys.ingest, [{ id: '1', type: 'a.b.v1', time: ago(10) }]);
});

type Row = Record<string, string | number | null>;
const rowsOf = (answer: Answer) => answer.body.data as unknown as Row[];
const faultsOf = (answer: Answer) =>
  (answer.body.errors as unknown as { pointer: string; code: string }[]).map(({ pointer, code }) => [pointer, code]);

const get = (path: string, headers = {}, key = tenant.keys.read): Promise<Answer> =>
  api.call('GET', `/v1/metrics${path}`, key, undefined, headers);

async function total(path: string): Promise<number | null> {
  const answer = await get(`${path}${path.includes('?') ? '&' : '?'}interval=total`);
  expect(answer.status).toBe(200);
  expect(rowsOf(answer).length).toBe(1);
  return rowsOf(answer)[0]?.value as number | null;
}

test('the catalogue lists every metric with its dimensions', async () => {
  const answer = await get('');
  expect(answer.status).toBe(200);
  const names = rowsOf(answer).map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(['events.count', 'latency.p95', 'validations.by_rule', 'corrections.count', 'data.volume']),
  );
  expect(rowsOf(answer)[0]).toEqual({
    name: 'events.count',
    unit: 'events',
    description: 'Events accepted.',
    dimensions: ['type', 'outcome', 'route'],
    intervals: ['hour', 'day', 'week', 'month', 'total'],
  });
});

test('an event is in its metric as soon as it is accepted', async () => {
  expect(await total('/events.count')).toBe(4);
  expect(await total(`/events.count?filter[type]=${VALIDATION}`)).toBe(3);
  expect(await total('/events.count?filter[outcome]=')).toBe(1);
  expect(await total('/events.count?filter[outcome]=&filter[outcome]=failure')).toBe(2);
  expect(await total('/validations.error_rate')).toBeCloseTo(1 / 3, 12);
  expect(await total('/validations.row_error_rate')).toBeCloseTo(15 / 200, 12);
  expect(await total('/validations.rows')).toBe(200);
  expect(Math.abs(((await total('/latency.p50')) as number) - 200)).toBeLessThanOrEqual(4);
  expect(await total('/corrections.count')).toBe(0);
  expect(await total('/latency.p99?filter[type]=none')).toBe(null);
});

test('days are buckets in the time zone of the tenant, each with its value', async () => {
  const answer = await get('/events.count');
  const [body, rows] = [answer.body, rowsOf(answer)];
  expect(body).toMatchObject({ metric: 'events.count', unit: 'events', interval: 'day', timezone: 'America/Sao_Paulo' });
  expect(Math.abs(Date.parse(body.watermark) - Date.now())).toBeLessThan(60_000);
  expect(rows.length).toBeGreaterThanOrEqual(30);
  for (const { bucket } of rows) expect(bucket).toMatch(/T03:00:00\.000Z$/);
  expect(rows.reduce((sum, { value }) => sum + (value as number), 0)).toBe(4);
});

test('groups; for rules the largest first', async () => {
  const rules = await get('/validations.by_rule?interval=total');
  expect(rowsOf(rules).map(({ rule, value }) => [rule, value])).toEqual([['sku', 14], ['@sum', 1]]); // biome-ignore format: pairs
  const first = await get('/validations.by_rule?interval=total&limit=1');
  expect(rowsOf(first).length).toBe(1);
  const grouped = await get('/validations.count?interval=total&group_by=marketplace,outcome');
  expect(rowsOf(grouped).map(({ marketplace, outcome, value }) => [marketplace, outcome, value])).toEqual(
    expect.arrayContaining([['amazon', 'failure', 1], ['=2+3', 'success', 1], [null, 'success', 1]]), // biome-ignore format: triples
  );
});

test('CSV is a file in which no cell is a formula', async () => {
  const answer = await get('/validations.rows?interval=total&group_by=marketplace', { accept: 'text/csv' });
  expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
  expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="validations\.rows_total_[\dTZ_-]+\.csv"$/);
  expect(answer.headers.get('vary')).toContain('Accept');
  const lines = answer.text.split('\r\n');
  const bucket = (lines[1] as string).split(',')[0];
  expect(lines[0]).toBe('"bucket","marketplace","value"');
  expect(lines.slice(1).sort()).toEqual(['', `${bucket},"'=2+3",100`, `${bucket},"amazon",50`, `${bucket},,50`].sort());
});

test('a tenant reads only its own metrics', async () => {
  const answer = await get('/events.count?interval=total', {}, other.keys.read);
  expect(rowsOf(answer).map(({ value }) => value)).toEqual([1]);
});

test('without a key or with another scope no metric can be read', async () => {
  expect((await api.call('GET', '/v1/metrics/events.count')).status).toBe(401);
  expect((await get('/events.count', {}, tenant.keys.ingest)).status).toBe(403);
});

test('the error for an unknown metric names the known ones', async () => {
  const { status, body } = await get('/events.cuont');
  expect([status, body.code]).toEqual([404, 'not-found']);
  expect(body.detail).toContain('events.count');
});

test.each([
  ['from=2026-01-01', '/from', 'invalid-time'],
  ['from=2026-01-01T00:00:00', '/from', 'invalid-time'],
  ['from=2026-02-30T00:00:00Z', '/from', 'invalid-time'],
  ['from=2026-01-01T00:00:00+03:00', '/from', 'invalid-time'],
  ['to=1950-01-01T00:00:00Z', '/to', 'out-of-range'],
  ['from=2026-01-02T00:00:00Z&to=2026-01-02T00:00:00Z', '/from', 'empty-window'],
  ['from=9000-01-02T00:00:00Z', '/from', 'empty-window'],
  ['from=2016-01-01T00:00:00Z&to=2026-01-01T00:00:00Z&interval=hour', '/interval', 'too-many-buckets'],
  ['interval=year', '/interval', 'unknown-interval'],
  ['interval=', '/interval', 'unknown-interval'],
  ['interval=day&interval=week', '/interval', 'repeated-parameter'],
  ['group_by=marketplace', '/group_by', 'unknown-dimension'],
  ['group_by=type,type', '/group_by', 'repeated-dimension'],
  ['filter[subject]=x', '/filter[subject]', 'unknown-dimension'],
  ['filter[type]=%00', '/filter[type]', 'invalid-text'],
  [`filter[type]=${[...Array(51).keys()].join('&filter[type]=')}`, '/filter[type]', 'too-long'],
  ['filter=x', '/filter', 'unknown-parameter'],
  ['groupby=type', '/groupby', 'unknown-parameter'],
  ['__proto__=x', '/__proto__', 'reserved-name'],
  ['limit=0&group_by=type', '/limit', 'out-of-range'],
  ['limit=3', '/limit', 'limit-without-groups'],
])('%s is refused', async (query, pointer, code) => {
  const answer = await get(`/events.count?${query}`);
  expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
  expect(faultsOf(answer)).toEqual([[pointer, code]]);
});

test('a part of an hour whose raw events have been dropped is refused, whole hours are not', async () => {
  const short = await makeTenant(db, { raw_retention_days: 1 });
  const ask = (from: string) => get(`/events.count?interval=total&from=${from}`, {}, short.keys.read);
  const refused = await ask(`${ago(3 * 24 * 60).slice(0, 13)}:30:00Z`);
  expect(faultsOf(refused)).toEqual([['/from', 'part-of-hour-not-kept']]);
  expect((await ask(`${ago(3 * 24 * 60).slice(0, 13)}:00:00Z`)).status).toBe(200);
});

test('windows are exact to the microsecond', async () => {
  const key = tenant.keys.ingest;
  const time = `${ago(30).slice(0, 19)}.123456Z`;
  const type = 'a.microsecond.v1';
  await api.call('POST', '/v1/events', key, { id: 'm', type, time });
  const count = (from: string, to: string) => total(`/events.count?filter[type]=${type}&from=${from}&to=${to}`);
  expect(await count(time, time.replace('456Z', '457Z'))).toBe(1);
  expect(await count(time.replace('456Z', '000Z'), time)).toBe(0);
});
