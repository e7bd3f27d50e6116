import { setTimeout } from 'node:timers/promises';
import { quantile } from './http-load.ts';
import type { BenchTenant, Stage } from './stage.ts';

const DOCUMENTS = 1_000;
const ROWS = 100;
const SENDERS = 16;
const LARGE_BYTES = 500 * 1024 * 1024;
/** Bytes of one value of the large document, so that half a million events fill it. */
const FILLING = 900;

/**
 * A thousand documents of a hundred events each, from the first byte sent until the last row is stored with its lineage, beside a
 * plain upsert of as many rows by four connections. Then the memory of API and jobs while a document of 500 MB arrives and is read.
 */
export async function benchImports(stage: Stage, note: (sentence: string) => void) {
  const limit = await upsert(stage);
  note(`${Math.round(limit)} rows/s by a plain upsert`);
  const [one, two] = stage.tenants as [BenchTenant, BenchTenant];
  const many = await sendMany(stage, one);
  note(`${Math.round(many.rows_per_second)} rows/s from documents`);
  return {
    limit_rows_per_second: limit,
    ...many,
    ratio: many.rows_per_second / limit,
    large: await sendLarge(stage, two, note),
  };
}

// The rows of the documents, in statements of a thousand by four connections, with `on conflict do nothing`.
async function upsert({ owner, tenants }: Stage): Promise<number> {
  const tenant = (tenants.at(-1) as BenchTenant).id;
  const total = DOCUMENTS * ROWS;
  const batch = 1_000;
  const started = performance.now();
  let next = 0;
  const writer = async () => {
    while (next < total) {
      const first = next;
      next += batch;
      const rows = Array.from({ length: batch }, (_, n) => rowOf(first + n));
      await owner.query(
        `insert into private.events (tenant_id, time, id, received_at, type, source, event_id, bytes, data)
         select $1, u.time, gen_random_uuid(), now(), 'bench.scan.v1', 'bench', u.id, 100, u.data
         from unnest($2::timestamptz[], $3::text[], $4::jsonb[]) u (time, id, data) on conflict do nothing`,
        [tenant, rows.map(({ time }) => time), rows.map(({ id }) => id), rows.map(({ data }) => JSON.stringify(data))],
      );
    }
  };
  await Promise.all(Array.from({ length: 4 }, writer));
  return total / ((performance.now() - started) / 1000);
}

const begin = Math.floor(Date.now() / 86_400_000) * 86_400_000 - 2 * 86_400_000;
const rowOf = (n: number) => ({
  id: `scan-${n}`,
  time: new Date(begin + n * 100).toISOString(),
  data: { student: `s-${n % 977}`, marks: n % 40 },
});

function csvOf(first: number, rows: number): string {
  const lines = Array.from({ length: rows }, (_, n) => {
    const { id, time, data } = rowOf(first + n);
    return `bench.scan.v1,${id},${time},${data.student},${data.marks}`;
  });
  return `type,id,time,student,marks\n${lines.join('\n')}\n`;
}

async function sendMany(stage: Stage, tenant: BenchTenant) {
  const times: number[] = [];
  const started = performance.now();
  let next = 0;
  const sender = async () => {
    while (next < DOCUMENTS) {
      const body = csvOf(next++ * ROWS, ROWS);
      const from = performance.now();
      await post(stage, tenant, body);
      times.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
  const accepted = (performance.now() - started) / 1000;
  await until(stage, tenant, DOCUMENTS);
  const seconds = (performance.now() - started) / 1000;
  const { rows } = await stage.owner.query<{ n: number }>(
    'select count(*)::integer as n from private.events where tenant_id = $1',
    [tenant.id],
  );
  if (rows[0]?.n !== DOCUMENTS * ROWS) throw new Error(`${rows[0]?.n} rows of ${DOCUMENTS * ROWS} are there.`);
  const sorted = Float64Array.from(times).sort();
  return {
    documents: DOCUMENTS,
    kept_per_second: DOCUMENTS / accepted,
    documents_per_second: DOCUMENTS / seconds,
    rows_per_second: (DOCUMENTS * ROWS) / seconds,
    answer_p50_ms: quantile(sorted, 0.5),
    answer_p95_ms: quantile(sorted, 0.95),
  };
}

async function post({ url }: Stage, { ingest }: BenchTenant, body: string | ReadableStream): Promise<void> {
  const response = await fetch(`${url}/v1/imports`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ingest}`, 'content-type': 'text/csv' },
    body,
    duplex: 'half',
  } as RequestInit);
  if (response.status !== 202) throw new Error(`${response.status}: ${await response.text()}`);
  await response.body?.cancel();
}

async function until({ owner }: Stage, { id }: BenchTenant, documents: number): Promise<void> {
  for (;;) {
    const { rows } = await owner.query<{ done: number; refused: number }>(
      `select count(*) filter (where status = 'imported')::integer as done, count(*) filter (where status = 'rejected')::integer as refused
       from private.imports where tenant_id = $1`,
      [id],
    );
    if (rows[0]?.refused) throw new Error('A document was refused.');
    if (rows[0]?.done === documents) return;
    await setTimeout(50);
  }
}

async function sendLarge(stage: Stage, tenant: BenchTenant, note: (sentence: string) => void) {
  let rows = 0;
  async function* large(): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    yield Buffer.from('type,id,time,filling\n');
    while (bytes < LARGE_BYTES) {
      const lines = Array.from({ length: 100 }, () => {
        const n = rows++;
        return `bench.large.v1,${n},${new Date(begin + n * 100).toISOString()},${String(n % 10).repeat(FILLING)}\n`;
      });
      const chunk = Buffer.from(lines.join(''));
      bytes += chunk.length;
      yield chunk;
    }
  }
  const before = stage.memory();
  const started = performance.now();
  await post(stage, tenant, ReadableStream.from(large()));
  const kept = (performance.now() - started) / 1000;
  note(`500 MB kept after ${kept.toFixed(1)} s`);
  await until(stage, tenant, 1);
  const seconds = (performance.now() - started) / 1000;
  const { api_peak, jobs_peak } = stage.memory();
  return {
    rows,
    kept_after_seconds: kept,
    read_after_seconds: seconds,
    rows_per_second: rows / (seconds - kept),
    memory_mb: { api_before: before.api_peak, api_peak, jobs_before: before.jobs_peak, jobs_peak },
  };
}
