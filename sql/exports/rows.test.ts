import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { v7 } from 'uuid';
import { afterAll, describe, expect, test } from 'vitest';
import { refreshRollups } from '../../jobs/metrics/refresh-rollups.ts';
import { guardFormulas } from '../../lib/csv.ts';
import { literal, withDuckDb } from '../../lib/parquet.ts';
import { instantAt, instantOf } from '../../lib/time.ts';
import { carelessCells } from '../../test/support/careless-csv.ts';
import { makeTenant, useDatabase } from '../../test/support/harness.ts';
import { nastyEvents } from '../../test/support/nasty-events.ts';
import { withTenant } from '../database/db.ts';
import { type EventRow, storeEvents } from '../events/events.ts';
import { METRICS } from '../metrics/catalogue.ts';
import { readMetric } from '../metrics/metrics.ts';
import { columnsOf } from './columns.ts';
import { copyRows, csvHeader } from './rows.ts';
import type { Csv, Selection, Shape } from './selection.ts';

const DAY_MS = 86_400_000;
const ALL = {
  dataset: 'events',
  from: instantAt(new Date(Date.now() - DAY_MS)),
  to: instantAt(new Date(Date.now() + DAY_MS)),
  filter: {},
} as const;
const PLAIN: Csv = { format: 'csv', delimiter: ',', guard: false };

const folder = mkdtempSync(join(tmpdir(), 'mirante-'));
const db = await useDatabase();
const tenant = await makeTenant(db);
const other = await makeTenant(db);
const events: EventRow[] = nastyEvents(tenant.keyIds.ingest, 400, 20);
await storeEvents(db.api, events);
await storeEvents(db.api, nastyEvents(other.keyIds.ingest, 50, 21));
afterAll(async () => {
  rmSync(folder, { recursive: true });
});

async function read(selection: Selection, shape: Shape, tenantId = tenant.id): Promise<{ text: string; rows: number }> {
  return withTenant(db.api, tenantId, async (client) => {
    const stream = copyRows(client, selection, shape, undefined);
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return { text: Buffer.concat(chunks).toString(), rows: stream.rowCount };
  });
}

// Each cell as another CSV reader parses it, as text. An unquoted empty cell is null.
async function cells(csv: string, delimiter = ','): Promise<Record<string, string | null>[]> {
  const file = join(folder, 'read.csv');
  writeFileSync(file, csv);
  const types = columnsOf('events').map(({ name }) => `${literal(name)}: 'VARCHAR'`);
  const rows = await withDuckDb(folder, (run) =>
    run(
      `select * from read_csv(${literal(file)}, columns = {${types.join(', ')}}, header = true, delim = ${literal(delimiter)}, quote = '"',
         escape = '"', nullstr = '', allow_quoted_nulls = false, auto_detect = false, parallel = false, new_line = '\\r\\n')`,
    ),
  );
  return rows as Record<string, string | null>[];
}

// The stored rows, as text, in the order of an export.
async function held(): Promise<Record<string, string | null>[]> {
  const { rows } = await db.owner.query(
    `select id::text, to_char(time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as time,
       to_char(received_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as received_at, type, source,
       coalesce(event_id, id::text) as event_id, subject, outcome, duration_ms::text, bytes::text, data::text, attributes::text
     from private.events e where tenant_id = $1 order by e.time, e.id`,
    [tenant.id],
  );
  return rows;
}

const padded = (time: string | null) =>
  String(time).replace(/^([^.]*?)(?:\.(\d+))?Z$/, (_, whole, part = '') => `${whole}.${part.padEnd(6, '0')}`);
const withTimes = (rows: Record<string, string | null>[]) =>
  rows.map((row) => ({ ...row, time: padded(row.time as string), received_at: padded(row.received_at as string) }));

describe('events as CSV', () => {
  test('another CSV reader reads back every stored byte and tells null from an empty text', async () => {
    const { text, rows } = await read(ALL, PLAIN);
    const truth = await held();
    expect(rows).toBe(events.length);
    expect(truth.filter(({ subject }) => subject === '').length).toBeGreaterThan(0);
    expect(truth.filter(({ subject }) => subject === null).length).toBeGreaterThan(0);
    expect(withTimes(await cells(csvHeader('events', ',') + text))).toEqual(truth);
  });

  test('lines end with CR LF, and a line break inside a cell is kept', async () => {
    const { text } = await read({ ...ALL, filter: { subject: 'a\nb' } }, PLAIN);
    expect(text).toContain(',"a\nb",');
    expect(text.endsWith('\r\n')).toBe(true);
    const outside = text.replace(/"(?:[^"]|"")*"/g, '');
    expect(outside.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  });

  test('the guard puts an apostrophe before every possible formula, and before nothing else', async () => {
    const guarded = await cells(csvHeader('events', ',') + (await read(ALL, { ...PLAIN, guard: true })).text);
    const expected = (await held()).map((row) => {
      const safe = { ...row };
      for (const name of ['type', 'source', 'event_id', 'subject'])
        if (row[name] !== null) safe[name] = guardFormulas(row[name] as string);
      return safe;
    });
    expect(withTimes(guarded)).toEqual(expected);
  });

  test('no reader sees a formula, whatever separator it uses; JSON keeps its value', async () => {
    const who = await makeTenant(db);
    const texts = ['x;=1+1;y', 's\t=2+2', 'a,@b', 'q;"=1"', 'r;\t-1', 'line\r\n=1', '=0', '+55', "it's; fine", '00123'];
    await storeEvents(
      db.api,
      texts.map((source, n) => ({
        ...(events[0] as EventRow),
        keyId: who.keyIds.ingest,
        id: v7(),
        time: Date.now() * 1000 - 1000 + n,
        type: 't',
        subject: null,
        eventId: null,
        source,
        data: JSON.stringify({ note: source, [source]: [1, -2] }),
        attributes: null,
      })),
    );
    for (const delimiter of [',', ';'] as const) {
      const { text } = await read(ALL, { format: 'csv', delimiter, guard: true }, who.id);
      for (const separator of [',', ';', '\t']) {
        for (const cell of carelessCells(text, separator)) expect(cell).not.toMatch(/^[=+@\t\r＝＋－＠-]/);
      }
      const found = await cells(csvHeader('events', delimiter) + text, delimiter);
      expect(found.map(({ source }) => source)).toEqual(texts.map(guardFormulas));
      expect(found.map(({ data }) => JSON.parse(data as string).note)).toEqual(texts);
      expect(found.at(-1)?.source).toBe('00123');
    }
  });

  test('semicolons and decimal commas for a Portuguese spreadsheet', async () => {
    const shape: Csv = { format: 'csv', delimiter: ';', guard: false, decimal: ',' };
    const found = await cells(csvHeader('events', ';') + (await read(ALL, shape)).text, ';');
    expect(withTimes(found)).toEqual(
      (await held()).map((row) => ({ ...row, duration_ms: row.duration_ms?.replace('.', ',') ?? null })),
    );
  });

  test('the types of columnsOf() can read every cell', async () => {
    const file = join(folder, 'typed.csv');
    writeFileSync(file, (await read(ALL, PLAIN)).text);
    const types = columnsOf('events').map(({ name, duckdb }) => `${literal(name)}: ${literal(duckdb)}`);
    const [sums] = await withDuckDb(folder, (run) =>
      run(
        `select count(*)::integer as n, sum(bytes)::integer as bytes, count(data)::integer as data, count(duration_ms)::integer as timed
         from read_csv(${literal(file)}, columns = {${types.join(', ')}}, header = false, quote = '"', escape = '"', nullstr = '',
           allow_quoted_nulls = false, auto_detect = false, parallel = false, new_line = '\\r\\n')`,
      ),
    );
    expect(sums).toEqual({
      n: events.length,
      bytes: events.reduce((sum, { bytes }) => sum + bytes, 0),
      data: events.filter(({ data }) => data !== null).length,
      timed: events.filter(({ durationMs }) => durationMs !== null).length,
    });
  });
});

describe('which rows', () => {
  const ids = async (selection: Partial<Selection>) => {
    const { text } = await read({ ...ALL, ...selection }, { format: 'ndjson' });
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).time as string);
  };

  test('windows are half open, and filters are literal texts, never SQL', async () => {
    const middle = instantOf((events[200] as EventRow).time);
    const parts = [...(await ids({ to: middle })), ...(await ids({ from: middle }))];
    expect(parts).toEqual(await ids({}));
    expect(await ids({ filter: { outcome: 'success' } })).toHaveLength(events.filter((e) => e.outcome === 'success').length);
    for (const subject of ["' or true --", "\\' or true --", "x') union select 1 --"])
      expect(await ids({ filter: { subject } })).toEqual([]);
    expect(await ids({ filter: { subject: ['', '\\'] } })).toHaveLength(
      events.filter(({ subject }) => subject === '' || subject === '\\').length,
    );
    await expect(ids({ filter: { 'true or type': 'x' } })).rejects.toThrow(/cannot be filtered/);
  });

  test('windows of receipt select by time of receipt', async () => {
    const { rows } = await db.owner.query(
      "select max(received_at) + interval '1 ms' as at from private.events where tenant_id = $1",
      [tenant.id],
    );
    const at = rows[0].at as Date;
    expect(await ids({ received: { from: null, to: at } })).toHaveLength(events.length);
    expect(await ids({ received: { from: at, to: new Date(at.getTime() + DAY_MS) } })).toEqual([]);
  });
});

test('events as NDJSON are CloudEvents, one a line, with every stored text and digit', async () => {
  const { text, rows } = await read(ALL, { format: 'ndjson' });
  const lines = text.split('\n');
  expect(lines.pop()).toBe('');
  expect([rows, lines.length]).toEqual([events.length, events.length]);
  for (const [index, line] of lines.entries()) {
    const event = events[index] as EventRow;
    const { specversion, mirantereceivedat, time, data, ...rest } = JSON.parse(line);
    expect([specversion, Number.isNaN(Date.parse(mirantereceivedat)), Number.isNaN(Date.parse(time))]).toEqual([
      '1.0',
      false,
      false,
    ]);
    const attributes = event.attributes ? JSON.parse(event.attributes) : {};
    expect(rest).toEqual({
      id: event.eventId ?? event.id,
      source: event.source,
      type: event.type,
      ...(event.subject !== null && { subject: event.subject }),
      ...attributes,
    });
    expect(data).toEqual(event.data === null ? undefined : JSON.parse(event.data));
    if (event.data) expect(line).toContain(/"number":(.*)}/.exec(event.data)?.[1]);
  }
});

test('metrics match GET /v1/metrics, each metric by all its dimensions', async () => {
  await refreshRollups({ pool: db.jobs, engine: db.engine, log: pino({ level: 'silent' }), clock: () => new Date() });
  const hour = (at: number) => new Date(Math.floor(at / 3_600_000) * 3_600_000);
  const [from, to] = [hour(Date.now() - 3 * 3_600_000), hour(Date.now() + 3_600_000)];
  const { text } = await read(
    { dataset: 'metrics', from: instantAt(from), to: instantAt(to), filter: {} },
    { format: 'ndjson' },
  );
  const exported = text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  for (const metric of METRICS) {
    const window = { from: from.getTime() * 1000, to: to.getTime() * 1000 };
    const { rows } = await readMetric(db.api, tenant.id, {
      metric,
      window,
      interval: 'hour',
      zone: 'UTC',
      groupBy: metric.dims,
      filters: [],
    });
    const own = exported.filter((row) => row.metric === metric.name);
    const keyed = (bucket: string, dims: unknown[]) => JSON.stringify([new Date(bucket).getTime(), ...dims]);
    const found = new Map(
      own.map((row) => [
        keyed(
          row.bucket,
          metric.dims.map((dim) => row[dim]),
        ),
        row,
      ]),
    );
    expect(own).toHaveLength(rows.length);
    for (const { bucket, dims, value } of rows) {
      const row = found.get(keyed(bucket.toISOString(), dims));
      expect(row?.unit).toBe(metric.unit);
      if (value === null) expect(row?.value).toBeNull();
      else expect(row?.value / (value || 1)).toBeCloseTo(value === 0 ? 0 : 1, 9);
    }
  }
  const one = await read(
    {
      dataset: 'metrics',
      to: instantAt(to),
      from: instantAt(new Date(from.getTime() - DAY_MS)),
      filter: { metric: 'events.count', outcome: 'failure', interval: 'day' },
    },
    PLAIN,
  );
  expect(one.rows).toBeGreaterThan(0);
});
