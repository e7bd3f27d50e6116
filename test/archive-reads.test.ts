import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { beforeEach, expect, test } from 'vitest';
import { runRetention } from '../jobs/archive/run-retention.ts';
import { instantAt } from '../lib/time.ts';
import { ArchiveUnavailable } from '../sql/archive/rows.ts';
import { withTenant } from '../sql/database/db.ts';
import { copyRows } from '../sql/exports/rows.ts';
import type { Selection, Shape } from '../sql/exports/selection.ts';
import { useApi } from './support/api.ts';
import { useArchive } from './support/archive-home.ts';
import { fillDays, RETENTION } from './support/archived-events.ts';
import { makeOperatorKey, makeTenant, type TestTenant, useDatabase } from './support/harness.ts';

const DAY = 86_400_000;

let tenant: TestTenant;

const db = await useDatabase();
const archive = await useArchive();
const deps = {
  pool: db.jobs,
  engine: db.engine,
  log: pino({ level: 'silent' }),
  config: RETENTION,
  clock: () => new Date(),
  archive,
};
const api = await useApi(db, { MIRANTE_DATA_DIR: archive.folder });
beforeEach(async () => {
  tenant = await makeTenant(db);
});

// Every page of a list; items as text.
async function listed(query = '', limit = 37, key = tenant.keys.read): Promise<string[]> {
  const items: string[] = [];
  let cursor: string | null = null;
  do {
    const at: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { status, text: body, body: page } = await api.call('GET', `/v1/events?limit=${limit}${at}${query}`, key);
    expect(status, body).toBe(200);
    items.push(...body.slice('{"data":['.length, body.lastIndexOf('],"next_cursor"')).split(/,(?=\{"specversion")/));
    cursor = page.next_cursor;
  } while (cursor !== null);
  return items.filter((item) => item !== '');
}

const whole = (): Selection => ({
  dataset: 'events',
  from: instantAt(new Date(Date.now() - 400 * DAY)),
  to: instantAt(new Date()),
  filter: {},
});

const exported = (shape: Shape, selection = whole()) =>
  withTenant(db.api, tenant.id, async (client) => {
    const stream = copyRows(client, selection, shape, archive);
    const bytes = await text(stream);
    return { bytes, rows: stream.rowCount };
  });

const CSV: Shape = { format: 'csv', delimiter: ';', guard: true };
const NDJSON: Shape = { format: 'ndjson' };

async function fill(count = 4): Promise<void> {
  await fillDays(db, tenant.id, { from: 60, to: 56, count });
  await fillDays(db, tenant.id, { from: 2, to: 0, count });
}

const stored = async () =>
  (await db.owner.query<{ n: number }>('select count(*) as n from private.events where tenant_id = $1', [tenant.id])).rows[0]
    ?.n ?? 0;

test('lists and exports are the same, byte for byte, before and after events move to the archive', async () => {
  await fill();
  const other = await makeTenant(db);
  await fillDays(db, other.id, { from: 60, to: 58, count: 2, word: 'theirs' });
  const total = await stored();
  const selections = [
    whole(),
    { ...whole(), filter: { type: 'weird/type "x", y=1' } },
    { ...whole(), filter: { type: ['a.plain.v1', '..'], subject: ['', '=1+1'] } },
    { ...whole(), from: instantAt(new Date(Date.now() - 58.3 * DAY)), to: instantAt(new Date(Date.now() - 1.1 * DAY)) },
    { ...whole(), received: { from: new Date(Date.now() - 59 * DAY), to: new Date(Date.now() - 57 * DAY) } },
  ];
  const queries = ['', '&type=a.plain.v1', '&subject=%3D1%2B1', '&source=w&filter[type]=..&filter[type]=a.plain.v1'];
  queries.push(
    '&filter[outcome]=&filter[outcome]=failure&filter[marketplace]=',
    `&from=${new Date(Date.now() - 58.3 * DAY).toISOString()}`,
  );
  const each = async (found: string[][] = []) => {
    // One after another: a tenant may use half of the readers.
    for (const query of queries) found.push(await listed(query));
    return found;
  };
  const look = async () => ({
    lists: await each(),
    csv: await Promise.all(selections.map((selection) => exported(CSV, selection))),
    ndjson: await Promise.all(selections.map((selection) => exported(NDJSON, selection))),
  });
  const before = await look();
  await runRetention(deps);
  expect(await stored()).toBeLessThan(total);
  const after = await look();
  expect(after.lists.map((items) => items.length)).toEqual(before.lists.map((items) => items.length));
  expect(after).toEqual(before);
  expect([before.lists[0]?.length, before.csv[0]?.rows]).toEqual([total, total]);
  expect(before.lists.every((items) => items.length > 5) && before.csv.every(({ rows }) => rows > 5)).toBe(true);
}, 60_000);

test('a reader misses no event and sees none twice while events move to the archive', async () => {
  await fill(2);
  const total = await stored();
  let moving = true;
  const looks = { lists: 0, exports: 0 };
  const readers = [
    async () => {
      for (let more = true; more; looks.lists++) {
        more = moving;
        const items = await listed('', 1000);
        expect([items.length, new Set(items).size]).toEqual([total, total]);
      }
    },
    async () => {
      for (let more = true; more; looks.exports++) {
        more = moving;
        const { bytes, rows } = await exported(NDJSON);
        expect([rows, new Set(bytes.trimEnd().split('\n')).size]).toEqual([total, total]);
      }
    },
  ].map((read) => read());
  const run = runRetention(deps).finally(() => {
    moving = false;
  });
  await Promise.all([run, ...readers]);
  expect(await stored()).toBeLessThan(total);
  expect(Math.min(looks.lists, looks.exports)).toBeGreaterThan(1);
}, 120_000);

test('a tenant sees only its own archive files, and only for its retention period', async () => {
  await fill();
  const other = await makeTenant(db);
  await fillDays(db, other.id, { from: 60, to: 59, count: 1, word: 'theirs' });
  await runRetention(deps);
  const all = (await listed()).length;
  expect(await listed('', 100, other.keys.read)).toHaveLength(6);
  expect((await listed()).some((item) => item.includes('theirs'))).toBe(false);
  const operator = await makeOperatorKey(db);
  const set = (raw_retention_days: number | null) =>
    api.call('PATCH', `/v1/tenants/${tenant.id}`, operator, { raw_retention_days });
  await set(58);
  const shorter = (await listed()).length;
  expect(shorter).toBeLessThan(all);
  expect(shorter).toBeGreaterThan(2 * 6 * 4);
  expect((await exported(CSV)).rows).toBe(shorter);
  await set(30);
  expect(await listed()).toHaveLength(await stored());
  await set(null);
  expect(await listed()).toHaveLength(all);
}, 60_000);

test('an event that is sent again after it was archived is one event', async () => {
  await fill(1);
  const { rows } = await db.owner.query<{ time: string }>(
    'select time::text, id from private.events where tenant_id = $1 order by time, id limit 3',
    [tenant.id],
  );
  await db.owner.query('create table private.again as select * from private.events where tenant_id = $1 and time <= $2', [
    tenant.id,
    rows[2]?.time,
  ]);
  const [lists, csv] = [await listed(), await exported(CSV)];
  await runRetention(deps);
  await fillDays(db, (await makeTenant(db)).id, { from: 60, to: 59, count: 1 });
  await db.owner.query('insert into private.events select * from private.again');
  await db.owner.query('drop table private.again');
  expect(await listed('', 2)).toEqual(lists);
  expect(await exported(CSV)).toEqual(csv);
  // Archived again: the event is now in two files.
  expect((await runRetention(deps)).files).toBeGreaterThan(0);
  expect(await listed('', 2)).toEqual(lists);
  expect(await exported(CSV)).toEqual(csv);
}, 60_000);

test('a missing file makes a list fail as unavailable and breaks off an export', async () => {
  await fill(1);
  await runRetention(deps);
  const gone = { ...archive, store: { ...archive.store, get: async () => undefined } };
  const read = withTenant(db.api, tenant.id, (client) => text(copyRows(client, whole(), NDJSON, gone)));
  await expect(read).rejects.toBeInstanceOf(ArchiveUnavailable);
  await db.owner.query("update private.archive_files set name = 'x' || name where tenant_id = $1", [tenant.id]);
  const answer = await api.call('GET', '/v1/events', tenant.keys.read);
  expect([answer.status, answer.body.code]).toEqual([503, 'unavailable']);
  await db.owner.query('update private.archive_files set name = substr(name, 2) where tenant_id = $1', [tenant.id]);
  expect((await api.call('GET', '/v1/events', tenant.keys.read)).status).toBe(200);
}, 60_000);

test('an export that its client leaves opens no more files, even if no event matches', async () => {
  await fill(1);
  await runRetention(deps);
  const opened = await withTenant(db.api, tenant.id, async (client) => {
    let gets = 0;
    const get = (name: string) => {
      gets++;
      stream.destroy();
      return archive.store.get(name);
    };
    const selection = { ...whole(), filter: { subject: 'nobody' } };
    const stream = copyRows(client, selection, NDJSON, { ...archive, store: { ...archive.store, get } });
    stream.resume();
    await stream.over;
    return gets;
  });
  const { rows } = await db.owner.query('select distinct day from private.archive_files where tenant_id = $1', [tenant.id]);
  expect(rows.length).toBeGreaterThan(2);
  const { rows: first } = await db.owner.query(
    'select count(*) as n from private.archive_files where tenant_id = $1 group by day order by day limit 1',
    [tenant.id],
  );
  expect(opened).toBe(Number(first[0]?.n));
}, 60_000);
