import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import type { Pool } from '../sql/database/db.ts';
import { Connection, quantile } from './http-load.ts';
import type { BenchTenant, Stage } from './stage.ts';

const DOCUMENTS = 1_000;
const SCANS = 100;
const CONNECTIONS = 8;
const MILLION = 1_000_000;
const LARGE = 500 << 20;
const XML = 'text/xml+markr';

/**
 * Documents of test results over HTTP, beside the same rows as plain upserts; the figures of a million results; and what one document
 * of 500 MiB, and one scan with ten million answers, cost in memory.
 */
export async function benchTestScores(stage: Stage, note: (sentence: string) => void): Promise<Record<string, unknown>> {
  const { tenants, owner } = stage;
  const [tenant] = tenants;
  if (!tenant) throw new Error('The stage has no tenant.');
  const limit = await upsertLimit(owner, tenants);
  const { seconds, ...refused } = await sendAll(stage);
  const rowsPerSecond = (DOCUMENTS * SCANS) / seconds;
  const sent = {
    documents_per_second: DOCUMENTS / seconds,
    rows_per_second: rowsPerSecond,
    ...refused,
    memory_mb: stage.memory(),
  };
  note(
    `${Math.round(rowsPerSecond)} rows/s; plain upserts ${Math.round(limit)} rows/s; sent again ${refused.sent_again}, left to importers ${refused.left_to_importers}`,
  );
  const aggregate = await aggregateMillion(stage, tenant);
  const large = await sendLarge(stage, tenant, manyScans());
  note(`one document of 500 MiB: ${Math.round(large.seconds)} s`);
  const answers = await sendLarge(stage, tenant, manyAnswers());
  return {
    documents: DOCUMENTS,
    ...sent,
    plain_upsert_rows_per_second: limit,
    ratio_to_limit: rowsPerSecond / limit,
    million_results_ms: aggregate,
    large,
    ten_million_answers: answers,
  };
}

const number = (n: number) => String(n).padStart(6, '0');
const ANSWERS = Array.from(
  { length: 20 },
  (_, n) => `    <answer question="${n}" marks-available="1" marks-awarded="${n % 2}">D</answer>\n`,
).join('');
const scanOf = (student: number, test: string) =>
  `  <mcq-test-result scanned-on="2017-12-04T12:12:10+11:00">\n    <first-name>Jane</first-name>\n    <last-name>Austen</last-name>\n` +
  `    <student-number>${number(student)}</student-number>\n    <test-id>${test}</test-id>\n${ANSWERS}` +
  `    <summary-marks available="20" obtained="${student % 21}" />\n  </mcq-test-result>\n`;
const HEAD = '<?xml version="1.0" encoding="UTF-8" ?>\n<mcq-test-results>\n';
const TAIL = '</mcq-test-results>\n';

// A class after the other, so that most rows are new, as on the day of a test.
const documentOf = (n: number) =>
  HEAD + Array.from({ length: SCANS }, (_, at) => scanOf(n * SCANS + at, String(n % 50))).join('') + TAIL;

async function sendAll({ url, owner, tenants }: Stage) {
  let [turned, left] = [0, 0];
  const documents = Array.from({ length: DOCUMENTS }, (_, n) => documentOf(n));
  const started = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const connection = new Connection(url);
      for (let n = next++; n < DOCUMENTS; n = next++) {
        const body = documents[n] as string;
        const request = `POST /import HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${tenants[n % tenants.length]?.ingest}\r\ncontent-type: ${XML}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
        let answer = await connection.send(request);
        for (; answer.status === 429 || answer.status === 503; answer = await connection.send(request)) {
          turned++;
          await setTimeout(500);
        }
        if (answer.status !== 202) throw new Error(`Answer ${answer.status}: ${answer.body}`);
        if (!answer.body.includes(`"rows":${SCANS}`)) left++;
      }
      connection.close();
    }),
  );
  for (let stored = 0; stored < DOCUMENTS * SCANS; await setTimeout(100)) {
    const { rows } = await owner.query('select count(*)::integer as stored from private.student_test_results');
    stored = rows[0].stored;
  }
  return { seconds: (performance.now() - started) / 1000, sent_again: turned, left_to_importers: left };
}

// The same rows, upserted as simply as Node can: unnest over arrays, 4 connections, 1,000 rows a statement, same columns and keys.
async function upsertLimit(owner: Pool, tenants: readonly BenchTenant[]): Promise<number> {
  await owner.query('create table private.bench_limit (like private.student_test_results including all)');
  const started = performance.now();
  await Promise.all(
    Array.from({ length: 4 }, async (_, worker) => {
      for (let first = worker * 1_000; first < DOCUMENTS * SCANS; first += 4_000) {
        const rows = Array.from({ length: 1_000 }, (_, at) => first + at);
        await owner.query({
          name: 'bench_limit',
          text: `insert into private.bench_limit as r
                 select u.tenant, u.student, u.test, 20, u.obtained, array[u.tenant], now(), now()
                 from unnest($1::uuid[], $2::text[], $3::text[], $4::integer[]) u (tenant, student, test, obtained)
                 on conflict (tenant_id, student_id, test_id) do update set obtained_points = greatest(r.obtained_points, excluded.obtained_points)`,
          values: [
            rows.map(() => tenants[(first / 1_000) % tenants.length]?.id),
            rows.map(number),
            rows.map((n) => String(n % 50)),
            rows.map((n) => n % 21),
          ],
        });
      }
    }),
  );
  const perSecond = (DOCUMENTS * SCANS * 1000) / (performance.now() - started);
  await owner.query('drop table private.bench_limit');
  return perSecond;
}

async function aggregateMillion({ url, owner }: Stage, { id, read }: BenchTenant): Promise<Record<string, number>> {
  await owner.query(`insert into private.tests (tenant_id, test_id) values ($1, 'million')`, [id]);
  await owner.query(
    `insert into private.student_test_results (tenant_id, student_id, test_id, available_points, obtained_points, origins_import_vault, date_of_test)
     select $1, n::text, 'million', 100, n % 101, array[$1::uuid], now() from generate_series(1, ${MILLION}) n`,
    [id],
  );
  await owner.query('vacuum analyze private.student_test_results');
  const times = new Float64Array(10);
  for (let turn = 0; turn < times.length; turn++) {
    const started = performance.now();
    const answer = await fetch(`${url}/results/million/aggregate`, { headers: { authorization: `Bearer ${read}` } });
    const { count } = (await answer.json()) as { count: number };
    if (count !== MILLION) throw new Error(`${count} results`);
    times[turn] = performance.now() - started;
  }
  return { p50: quantile(times, 0.5), slowest: Math.max(...times) };
}

function* manyScans(): Generator<string> {
  yield HEAD;
  for (let bytes = 0, n = 0; bytes < LARGE; n += SCANS) {
    const text = Array.from({ length: SCANS }, (_, at) => scanOf(n + at, 'large')).join('');
    bytes += text.length;
    if (bytes < LARGE) yield text;
  }
  yield TAIL;
}

function* manyAnswers(): Generator<string> {
  const [before, after] = scanOf(1, 'answers').split(ANSWERS) as [string, string];
  yield HEAD + before;
  const some = '<answer question="0">D</answer>\n'.repeat(10_000);
  for (let n = 0; n < 1_000; n++) yield some;
  yield after + TAIL;
}

async function sendLarge({ url, memory }: Stage, { ingest }: BenchTenant, parts: Iterable<string>) {
  const started = performance.now();
  const sent = await fetch(`${url}/import`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ingest}`, 'content-type': XML },
    body: Readable.toWeb(Readable.from(parts, { objectMode: false })) as never,
    duplex: 'half',
  } as RequestInit);
  const { id, bytes } = (await sent.json()) as { id: string; bytes: number };
  if (sent.status !== 202) throw new Error(`Answer ${sent.status}`);
  for (;;) {
    await setTimeout(500);
    const shown = await fetch(`${url}/v1/imports/${id}`, { headers: { authorization: `Bearer ${ingest}` } });
    const { status, rows, findings } = (await shown.json()) as { status: string; rows: number; findings: unknown[] };
    if (status === 'rejected') throw new Error(JSON.stringify(findings));
    if (status === 'imported')
      return { mb: bytes / 1e6, rows, seconds: (performance.now() - started) / 1000, memory_mb: memory() };
  }
}
