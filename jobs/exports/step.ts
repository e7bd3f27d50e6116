import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createPool, isDatabaseAway, type Pool, withTenant } from '../../sql/database/db.ts';
import { settledAt } from '../../sql/events/settled.ts';
import {
  type ClaimedExport,
  claimExport,
  forgetObject,
  keepExport,
  liveClaims,
  nextPart,
  type OpenPart,
  planExport,
  releaseExport,
  reserveObject,
  storePart,
} from '../../sql/exports/claims.ts';
import { archivedSpans, countSpans } from '../../sql/exports/plan.ts';
import { eachItem } from '../queue/each.ts';
import type { ExportDeps } from './deps.ts';
import { completeExport, failExport } from './finish.ts';
import { planParts } from './plan.ts';
import { writePart } from './write-part.ts';

/** Delay before each retry, in seconds. After the last retry the export fails. */
export const AGAIN_AFTER_SECONDS = [5, 30, 120, 600, 1_800, 3_600];
/** How often the lease is renewed, and so how soon a cancellation is noticed. */
const KEEP_EVERY_MS = 1_000;
/** Statement timeout: reading a part may take hours. */
const READ_LIMIT_MS = 4 * 3_600_000;

/**
 * Runs parts of exports until none is due. Each part is leased by itself, so that tenants take turns and the next worker
 * continues where a dead one stopped. Returns how many exports ended.
 */
export async function runParts(deps: ExportDeps): Promise<number> {
  const readers = createPool(deps.logins.api, { max: 1, name: 'mirante exports', statementTimeoutMs: READ_LIMIT_MS });
  let ended = 0;
  const telling = {
    log: deps.log,
    message: 'cannot start an export',
    about: ({ id, tenant_id }: ClaimedExport) => ({ tenant: tenant_id, export: id }),
  };
  try {
    await eachItem(claims(deps), telling, async (job) => {
      if (await step(deps, readers, job)) ended++;
    });
  } finally {
    await readers.end();
  }
  return ended;
}

async function* claims({ pool, clock, signal }: ExportDeps): AsyncGenerator<ClaimedExport> {
  while (!signal?.aborted) {
    const job = await claimExport(pool, clock());
    if (!job) return;
    yield job;
  }
}

/** Folder of parts while they are written, each under the id of its lease. */
export const scratchOf = ({ config }: Pick<ExportDeps, 'config'>) => join(config.MIRANTE_DATA_DIR, 'scratch', 'exports');

/** Removes the files that killed processes left on this machine's disk. */
export async function clearScratch(deps: ExportDeps): Promise<void> {
  const scratch = scratchOf(deps);
  const claims = await readdir(scratch).catch(() => []);
  const live = await liveClaims(deps.pool, claims, deps.clock());
  for (const claim of claims.filter((name) => !live.has(name))) {
    await rm(join(scratch, claim), { recursive: true, force: true });
  }
}

/** An export while this process holds its lease. */
type Held = { job: ClaimedExport; signal: AbortSignal; progress: number; isLost: () => boolean };

// Does the next step of an export. Returns whether the export ended.
async function step(deps: ExportDeps, readers: Pool, job: ClaimedExport): Promise<boolean> {
  const lost = new AbortController();
  const signal = AbortSignal.any([lost.signal, ...(deps.signal ? [deps.signal] : [])]);
  const held: Held = { job, signal, progress: 0, isLost: () => lost.signal.aborted };
  const timer = setInterval(() => {
    // If the database is unreachable, no other worker can take the export either.
    keepExport(deps.pool, job, Math.floor(held.progress), deps.clock()).then(
      (kept) => kept || lost.abort(),
      () => undefined,
    );
  }, KEEP_EVERY_MS);
  try {
    // An export that kills its process every time must fail too.
    if (job.attempts > AGAIN_AFTER_SECONDS.length + 1) return await failExport(deps, job, 'interrupted');
    return await advance(deps, readers, held);
  } catch (error) {
    return await giveBack(deps, held, error);
  } finally {
    clearInterval(timer);
  }
}

async function advance(deps: ExportDeps, readers: Pool, held: Held): Promise<boolean> {
  const { job } = held;
  if (!job.settled_at) {
    await plan(deps, readers, job);
    return false;
  }
  const part = await nextPart(deps.pool, job.id);
  if (!part) return completeExport(deps, readers, job);
  await makePart(deps, readers, held, job.settled_at, part);
  return false;
}

async function plan(deps: ExportDeps, readers: Pool, job: ClaimedExport): Promise<void> {
  const { EXPORT_FILE_ROWS: rows, EXPORT_FILE_BYTES: bytes } = deps.config;
  const settled = await settledAt(deps.pool);
  const { parts, types } = await planParts(
    job,
    settled,
    { rows, bytes },
    (selection, width) => withTenant(readers, job.tenant_id, (client) => countSpans(client, selection, width)),
    (selection) => withTenant(readers, job.tenant_id, (client) => archivedSpans(client, selection)),
  );
  await planExport(deps.pool, job, settled, types, parts);
}

async function makePart(deps: ExportDeps, readers: Pool, held: Held, settled: Date, part: OpenPart): Promise<void> {
  const { job, signal } = held;
  const folder = join(scratchOf(deps), job.claim);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    const { from_time: from, to_time: to, received_from: receivedFrom } = part;
    const received = job.dataset === 'events' ? { received: { from: receivedFrom, to: settled } } : {};
    const selection = { dataset: job.dataset, from, to, filter: job.filter, ...received };
    const onBytes = progressOf(held, part);
    const written = await writePart(readers, deps.archive, { job, selection, folder, signal, onBytes });
    signal.throwIfAborted();
    // An export without rows still has one file, with its column names.
    const isLast = part.parts_done === part.parts - 1;
    if (written.rows === 0 && !(isLast && part.files_done === 0)) {
      await storePart(deps.pool, job, part.part, { name: '', rows: 0, bytes: 0, sha256: null, progress: progressAfter(part) });
      return;
    }
    await put(deps, held, part, written);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

type Written = { path: string; rows: number; bytes: number; sha256: string };

// The object's name is recorded before the file is stored, so that the store never has an unknown file.
async function put(deps: ExportDeps, { job }: Held, part: OpenPart, { path, ...stored }: Written): Promise<void> {
  const { pool, objects } = deps;
  if (part.object) await inStore(objects.remove(part.object));
  const name = part.name + nameOf(job, part.files_done + 1);
  const object = `exports/${job.tenant_id}/${job.id}/${job.claim}/${name}`;
  if (!(await reserveObject(pool, job, part.part, object))) return;
  await inStore(objects.put(object, path));
  // If this throws, the commit may still have happened. The next attempt finds out, and removes the file if it did not.
  if (await storePart(pool, job, part.part, { name, ...stored, progress: progressAfter(part) })) return;
  await inStore(objects.remove(object));
  await forgetObject(pool, object);
}

// Marks errors of the store, to tell them from errors of the database: either may be unreachable.
const inStore = (work: Promise<void>): Promise<void> =>
  work.catch((cause) => {
    throw new Error('The object store failed.', { cause });
  });

const ENDINGS = { none: '', gzip: '.gz', zstd: '.zst' };

function nameOf({ dataset, format, options }: ClaimedExport, number: number): string {
  const counted = String(number).padStart(4, '0');
  if (format === 'parquet') return `${dataset}-${counted}.parquet`;
  return `${dataset}-${counted}.${format}${ENDINGS[options.compression ?? 'none']}`;
}

const progressAfter = ({ rows_expected: rows, rows_before, expected_rows, parts, parts_done }: OpenPart) =>
  Math.floor(99 * (rows > 0 ? (rows_before + expected_rows) / rows : (parts_done + 1) / parts));

// Progress by rows if they were counted. Within a part it is estimated from the bytes read, at about 300 bytes a row.
function progressOf(held: Held, part: OpenPart): (bytes: number) => void {
  const share = part.rows_expected > 0 ? part.expected_rows / part.rows_expected : 1 / part.parts;
  const before = part.rows_expected > 0 ? part.rows_before / part.rows_expected : part.parts_done / part.parts;
  let read = 0;
  held.progress = 99 * before;
  return (bytes) => {
    read += bytes;
    held.progress = 99 * (before + share * Math.min(0.95, read / (300 * Math.max(part.expected_rows, 1))));
  };
}

async function giveBack(deps: ExportDeps, held: Held, error: unknown): Promise<boolean> {
  const { job } = held;
  const told = { tenant: job.tenant_id, export: job.id, attempts: job.attempts };
  if (held.isLost()) {
    deps.log.info(told, 'export was cancelled or taken over by another worker');
    return false;
  }
  if (deps.signal?.aborted) {
    await releaseExport(deps.pool, job, deps.clock(), true);
    return false;
  }
  const code = codeOf(error);
  deps.log.warn({ ...told, code, err: error }, 'part of an export failed');
  const seconds = AGAIN_AFTER_SECONDS[job.attempts - 1];
  if (seconds === undefined) return failExport(deps, job, code);
  await releaseExport(deps.pool, job, new Date(deps.clock().getTime() + seconds * 1000), false);
  return false;
}

// The error code that customers see.
function codeOf(error: unknown): string {
  const { code = '', message = '', cause } = error as NodeJS.ErrnoException & { cause?: NodeJS.ErrnoException };
  if (/ENOSPC|EDQUOT|EFBIG/.test(`${code} ${cause?.code}`) || /No space left|File too large/i.test(message)) return 'disk-full';
  if (cause) return 'store-unavailable';
  return isDatabaseAway(error) ? 'database-unavailable' : 'internal';
}
