import { expect, test } from 'vitest';
import { refreshRollups } from '../jobs/metrics/refresh-rollups.ts';
import { claimRun } from '../sql/imports/replays.ts';
import type { Json } from './support/api.ts';
import { makeTenant, useDatabase } from './support/harness.ts';
import { useVault } from './support/imports.ts';

const db = await useDatabase();
const { api, run, send, deps } = await useVault(db);
const tenant = await makeTenant(db);
const { tenant_admin, ingest, read } = tenant.keys;
const hour = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 5 * 3_600_000;
const at = (minute: number) => new Date(hour + minute * 60_000).toISOString();
const CSV = `order,at,amount\n1,${at(1)},5\n2,${at(2)},6\n3,${at(3)},7\n`;
const FIRST = { type: { value: 'com.example.order.v1' }, id: 'order', time: 'at' };

const refresh = () => refreshRollups({ ...deps, engine: db.engine } as never);
const events = async (query = ''): Promise<Json[]> => (await api.call('GET', `/v1/events${query}`, read)).body.data;
const counted = async () => {
  const query = new URLSearchParams({
    from: new Date(hour).toISOString(),
    to: new Date(hour + 3_600_000).toISOString(),
    interval: 'hour',
  });
  const { body } = await api.call('GET', `/v1/metrics/events.count?${query}`, read);
  return body.data.reduce((sum: number, row: Json) => sum + Number(row.value), 0);
};
async function reprocess(path: string, body: object): Promise<Json> {
  const asked = await api.call('POST', path, tenant_admin, body);
  expect(asked.status, asked.text).toBe(202);
  await run();
  return (await api.call('GET', asked.headers.get('location') as string, tenant_admin)).body;
}
const differences = async (id: string): Promise<Json[]> =>
  (await api.call('GET', `/v1/imports/reprocess/${id}/differences`, tenant_admin)).body.data;

test('a dry run shows the difference, applying writes it and restates roll-ups, and undoing takes it back', async () => {
  const document = await send(ingest, 'text/csv', CSV, { mapping: JSON.stringify(FIRST) });
  expect(document).toMatchObject({ rows: 3, version: 1 });
  await refresh();
  expect(await counted()).toBe(3);
  const path = `/v1/imports/${document.id}/reprocess`;

  // The same rules change nothing.
  expect(await reprocess(path, { dry_run: false })).toMatchObject({
    status: 'completed',
    added: 0,
    changed: 0,
    removed: 0,
    rows: 3,
  });

  const numbers = { mapping: { ...FIRST, numbers: ['amount'] } };
  const dry = await reprocess(path, numbers);
  expect(dry).toMatchObject({ dry_run: true, status: 'completed', added: 0, changed: 3, removed: 0, rows: 3, kept: 3 });
  const found = await differences(dry.id);
  expect(found.map(({ kind, before, after }) => [kind, before.data, after.data])).toContainEqual([
    'changed',
    { amount: '5' },
    { amount: 5 },
  ]);
  expect((await events()).map(({ data }) => data.amount).sort()).toEqual(['5', '6', '7']);
  const csv = await api.call('GET', `/v1/imports/reprocess/${dry.id}/differences`, tenant_admin, undefined, {
    accept: 'text/csv',
  });
  expect(csv.text.split('\r\n')).toHaveLength(5);
  expect(csv.text).toContain('"changed"');

  const applied = await reprocess(path, { ...numbers, dry_run: false });
  expect(applied).toMatchObject({ status: 'completed', changed: 3 });
  expect((await events()).map(({ data }) => data.amount).sort()).toEqual([5, 6, 7]);
  expect(await events(`?import=${document.id}`)).toHaveLength(3);
  expect((await api.call('GET', `/v1/imports/${document.id}`, ingest)).body).toMatchObject({
    version: 3,
    mapping: numbers.mapping,
  });

  // Other ids: the old events go, new ones come.
  const renamed = { mapping: { ...FIRST, id: 'amount' }, dry_run: false };
  expect(await reprocess(path, renamed)).toMatchObject({ added: 3, removed: 3, changed: 0 });
  expect((await events()).map(({ id }) => id).sort()).toEqual(['5', '6', '7']);
  await refresh();
  expect(await counted()).toBe(3);

  const undone = await reprocess('/v1/imports/reprocess', { undo: applied.id, dry_run: false });
  expect(undone).toMatchObject({ status: 'completed', documents: 1, added: 3, removed: 3 });
  expect((await events()).map(({ id, data }) => [id, data.amount]).sort()).toEqual([
    ['1', '5'],
    ['2', '6'],
    ['3', '7'],
  ]);
  await refresh();
  expect(await counted()).toBe(3);
});

test('reading again leaves what programs sent, and what another document gave', async () => {
  const other = await makeTenant(db);
  const mapping = JSON.stringify(FIRST);
  const direct = { type: 'com.example.order.v1', id: '1', source: 'import', time: at(1), data: { amount: '5' } };
  expect((await api.call('POST', '/v1/events', other.keys.ingest, direct)).status).toBe(202);
  const one = await send(other.keys.ingest, 'text/csv', CSV, { mapping });
  expect(one.counts).toMatchObject({ accepted: 2, duplicates: 1 });
  await send(other.keys.ingest, 'text/csv', `order,at,amount\n2,${at(2)},6\n`, { mapping });
  const asked = await api.call('POST', `/v1/imports/${one.id}/reprocess`, other.keys.tenant_admin, {
    dry_run: false,
    mapping: { ...FIRST, id: 'amount' },
  });
  await run();
  const { body } = await api.call('GET', `/v1/imports/reprocess/${asked.body.id}`, other.keys.tenant_admin);
  expect(body).toMatchObject({ status: 'completed', added: 3, removed: 1 });
  const left = (await api.call('GET', '/v1/events', other.keys.read)).body.data.map(({ id }: Json) => id).sort();
  expect(left).toEqual(['1', '2', '5', '6', '7']);
});

test('a mapping that does not fit changes nothing and is a finding; other tenants see no run', async () => {
  const [first] = (await api.call('GET', '/v1/imports', ingest)).body.data;
  const before = await events();
  const failed = await reprocess(`/v1/imports/${first.id}/reprocess`, { dry_run: false, mapping: { type: 'none' } });
  expect(failed).toMatchObject({ status: 'completed', documents: 0, findings: [{ code: 'column-missing' }] });
  expect(await events()).toEqual(before);
  const rival = await makeTenant(db);
  expect((await api.call('GET', `/v1/imports/reprocess/${failed.id}`, rival.keys.tenant_admin)).status).toBe(404);
  expect((await api.call('POST', `/v1/imports/${first.id}/reprocess`, rival.keys.tenant_admin, {})).status).toBe(404);
  expect((await api.call('POST', `/v1/imports/${first.id}/reprocess`, ingest, {})).status).toBe(403);
});

test('tenants take turns with documents that are read again', async () => {
  const [busy, calm] = [await makeTenant(db), await makeTenant(db)];
  const keep = async (one: typeof busy) => ({ one, id: (await send(one.keys.ingest, 'text/csv', 'type\na.b.v1\n')).id });
  const kept = [await keep(busy), await keep(busy), await keep(calm)];
  const asked: string[] = [];
  for (const { one, id } of kept)
    asked.push((await api.call('POST', `/v1/imports/${id}/reprocess`, one.keys.tenant_admin, {})).body.id);
  const claimed: unknown[] = [];
  for (let n = 0; n < 3; n++) {
    const run = await claimRun(db.jobs, new Date());
    claimed.push(run?.id);
    await db.owner.query(
      "update private.import_runs set status = 'failed', due_at = null, claimed_until = '-infinity', completed_at = clock_timestamp() where id = $1",
      [run?.id],
    );
  }
  expect(claimed).toEqual([asked[0], asked[2], asked[1]]);
});
