import { get } from 'node:http';
import { to as copyTo } from 'pg-copy-streams';
import { instantAt } from '../lib/time.ts';
import { createPool, type Pool, withTenant } from '../sql/database/db.ts';
import { copyStatement } from '../sql/exports/rows.ts';
import type { Selection, Shape } from '../sql/exports/selection.ts';
import { fillHistory } from './history.ts';
import { quantile } from './http-load.ts';
import type { BenchTenant, Stage } from './stage.ts';

const RUNS = 5;
const ROWS = 400_000;
const FEW = 100_000;
const DAY_MS = 86_400_000;
const CSV: Shape = { format: 'csv', delimiter: ',', decimal: '.', guard: true };

type Form = { rates: number[]; bare: number[]; query: Record<string, string>; shape: Shape };
type Streamed = { rows: number; bytes: number; seconds: number; firstByteMs: number; peak: number };

/**
 * Rows per second of streamed exports of one tenant, each compared in turns with a plain `copy` of the same query that Node
 * reads through pg-copy-streams and discards. Then the API's memory during all of it, compared with an export of a hundred
 * thousand rows.
 */
export async function benchExports(stage: Stage, events: number, note: (sentence: string) => void) {
  const [tenant] = stage.tenants as [BenchTenant];
  await fillHistory(stage, FEW, { from: 30, to: 0 }, note);
  await streamed(stage, tenant, window(30), {});
  const few = await most(3, () => streamed(stage, tenant, window(30), {}));
  await fillHistory(stage, events - FEW, { from: 30, to: 0 }, note);

  const part = window((30 * ROWS) / events);
  const forms: Record<string, Form> = {
    csv: { rates: [], bare: [], query: {}, shape: CSV },
    ndjson: { rates: [], bare: [], query: { format: 'ndjson' }, shape: { format: 'ndjson' } },
    csv_gzip: { rates: [], bare: [], query: { gzip: 'yes' }, shape: CSV },
  };
  const pool = createPool(stage.apiDatabaseUrl, { max: 1, name: 'bench copy', statementTimeoutMs: 600_000 });
  try {
    for (let run = 0; run < RUNS; run++) {
      for (const form of Object.values(forms)) {
        const turns = [
          async () => {
            const { rows, seconds } = await streamed(stage, tenant, part, form.query);
            form.rates.push(rows / seconds);
          },
          async () => {
            form.bare.push(await bare(pool, tenant, copyStatement({ dataset: 'events', ...part, filter: {} }, form.shape)));
          },
        ];
        if (run % 2 === 1) turns.reverse();
        for (const turn of turns) await turn();
      }
    }
  } finally {
    await pool.end();
  }
  note('all rows');
  const all = await streamed(stage, tenant, window(30), {});
  const zipped = await streamed(stage, tenant, window(30), { gzip: 'yes' });
  return {
    ...Object.fromEntries(
      Object.entries(forms).map(([name, { rates, bare }]) => [
        name,
        { rows_per_second: median(rates), bare_copy_rows_per_second: median(bare), ratio: median(rates) / median(bare) },
      ]),
    ),
    all: {
      rows: all.rows,
      bytes_per_row: all.bytes / all.rows,
      rows_per_second: all.rows / all.seconds,
      first_byte_ms: all.firstByteMs,
    },
    memory_mb: {
      of_100_thousand: few,
      of_all: all.peak,
      of_all_gzip: zipped.peak,
      growth: Math.max(all.peak, zipped.peak) - few,
    },
  };
}

const window = (days: number): Pick<Selection, 'from' | 'to'> => {
  const to = Math.ceil(Date.now() / DAY_MS) * DAY_MS;
  return { from: instantAt(new Date(to - (days + 1) * DAY_MS)), to: instantAt(new Date(to)) };
};

const median = (rates: number[]) => quantile(Float64Array.from(rates).sort(), 0.5);

async function most(times: number, work: () => Promise<Streamed>): Promise<number> {
  let peak = 0;
  for (let i = 0; i < times; i++) peak = Math.max(peak, (await work()).peak);
  return peak;
}

// Reads one export and discards it; measures the API's peak memory meanwhile.
function streamed(
  { url, apiMemory }: Stage,
  { read }: BenchTenant,
  { from, to }: Pick<Selection, 'from' | 'to'>,
  { gzip, ...query }: Record<string, string>,
): Promise<Streamed> {
  const asked = new URLSearchParams({ dataset: 'events', from: from, to: to, ...query });
  const headers = { authorization: `Bearer ${read}`, 'accept-encoding': gzip ? 'gzip' : 'identity' };
  const started = performance.now();
  return new Promise((done, fail) => {
    get(`${url}/v1/exports/stream?${asked}`, { headers, agent: false }, (answer) => {
      let bytes = 0;
      let firstByteMs = 0;
      let peak = apiMemory();
      const timer = setInterval(() => {
        peak = Math.max(peak, apiMemory());
      }, 100);
      answer.on('data', (chunk: Buffer) => {
        firstByteMs ||= performance.now() - started;
        bytes += chunk.length;
      });
      answer.once('error', fail);
      answer.once('end', () => {
        clearInterval(timer);
        if (answer.statusCode !== 200) fail(new Error(`Answer ${answer.statusCode}`));
        const rows = Number(answer.trailers['mirante-rows']);
        done({ rows, bytes, seconds: (performance.now() - started) / 1000, firstByteMs, peak });
      });
    }).once('error', fail);
  });
}

function bare(pool: Pool, tenant: BenchTenant, statement: string): Promise<number> {
  return withTenant(pool, tenant.id, async (client) => {
    const started = performance.now();
    const rows = client.query(copyTo(statement));
    rows.resume();
    await new Promise((done, fail) => rows.once('end', done).once('error', fail));
    // The copy stream never calls the callback of its query, so the query timeout of the pool would keep the process alive.
    (rows as unknown as { callback?: () => void }).callback?.();
    return rows.rowCount / ((performance.now() - started) / 1000);
  });
}
