import { setTimeout } from 'node:timers/promises';
import { isDatabaseAway } from '../../sql/database/db.ts';
import {
  type ClaimedImport,
  checkpointImport,
  claimImport,
  type ImportState,
  keepImport,
  releaseImport,
  settleImport,
} from '../../sql/imports/claims.ts';
import { eachItem } from '../queue/each.ts';
import { bytesOf, documentOf } from './body.ts';
import { addCounts, addFindings } from './findings.ts';
import type { ImportDeps, ImportDocument, Importer } from './importer.ts';
import { importerOf } from './importers.ts';
import { Postponed, Rejected } from './outcomes.ts';
import { runReplays } from './replay.ts';

/** Documents that one process reads at the same time. Events of small ones are stored in one statement. */
const RUNNERS = 6;
/** How often a runner looks for documents while others read large ones. */
const LOOK_EVERY_MS = 500;
/** How often the lease is renewed. */
const KEEP_EVERY_MS = 5_000;
/** Delay before each retry, in seconds. After the last one the document is rejected; its body stays. */
const AGAIN_AFTER_SECONDS = [5, 30, 120, 600, 1_800, 3_600];
/** Rows, and bytes, of a document that are kept between checking and writing. A larger one is read twice. */
const KEPT_ROWS = 5_000;
const KEPT_BYTES = 4 * 1024 * 1024;

/** Returns the job that reads documents, in as many runners as this process has free. `refresh` is called when rows were written. */
export function createImportRunner(deps: ImportDeps, refresh: () => Promise<void>): () => Promise<void> {
  let busy = 0;
  let isLooking = false;
  let replaying: Promise<number> | undefined;

  // The queue starts no second job while this one runs. So one runner keeps looking while others read large documents.
  async function runner(): Promise<void> {
    busy++;
    try {
      for (;;) {
        if ((await runImports(deps)) > 0) await refresh();
        if (busy === 1 || isLooking || deps.signal?.aborted) return;
        isLooking = true;
        await setTimeout(LOOK_EVERY_MS, undefined, { signal: deps.signal }).catch(() => undefined);
        isLooking = false;
      }
    } finally {
      busy--;
    }
  }

  // Documents that are read again never delay those that arrive.
  async function replayer(): Promise<void> {
    if (replaying) return;
    replaying = runReplays(deps);
    try {
      if ((await replaying) > 0) await refresh();
    } finally {
      replaying = undefined;
    }
  }

  return async () => {
    const free = RUNNERS - busy;
    await Promise.all([...Array.from({ length: free }, runner), replayer()]);
  };
}

/** Reads documents until none is due. Returns how many it read. */
export async function runImports(deps: ImportDeps): Promise<number> {
  let done = 0;
  const about = ({ id, tenant_id }: ClaimedImport) => ({ tenant: tenant_id, import: id });
  await eachItem(claims(deps), { log: deps.log, message: 'cannot read a document', about }, async (claimed) => {
    await runImport(deps, claimed);
    done++;
  });
  return done;
}

async function* claims({ pool, clock, signal }: ImportDeps): AsyncGenerator<ClaimedImport> {
  while (!signal?.aborted) {
    const claimed = await claimImport(pool, clock());
    if (!claimed) return;
    yield claimed;
  }
}

/** A document while this process holds its lease. */
type Held = { claimed: ClaimedImport; document: ImportDocument; state: ImportState; signal: AbortSignal };

async function runImport(deps: ImportDeps, claimed: ClaimedImport): Promise<void> {
  const importer = importerOf(claimed.media_type);
  const lost = new AbortController();
  const signal = AbortSignal.any([lost.signal, ...(deps.signal ? [deps.signal] : [])]);
  const { findings, rows, counts, done_rows, is_checked } = claimed;
  const state: ImportState = { findings, rows, counts, done_rows, is_checked, progress: 0 };
  const held: Held = { claimed, document: documentOf(claimed, importer), state, signal };
  const timer = setInterval(() => {
    // If the database is unreachable, no other worker can take the document either.
    keepImport(deps.pool, claimed, Math.floor(state.progress), deps.clock()).then(
      (kept) => kept || lost.abort(),
      () => undefined,
    );
  }, KEEP_EVERY_MS);
  try {
    // A document that kills its process every time must end too.
    if (claimed.attempts > AGAIN_AFTER_SECONDS.length + 1) {
      throw new Rejected('interrupted', 'The document was interrupted too often. Have it read again after the cause is gone.');
    }
    if (!importer) return await end(deps, held, importer, 'stored');
    await readWhole(deps, importer, held);
    await end(deps, held, importer, 'imported');
  } catch (error) {
    await giveBack(deps, importer, held, error, lost.signal.aborted);
  } finally {
    clearInterval(timer);
  }
}

// Reads everything once before the first row is written. Progress: the first half is the check, the second the writing.
async function readWhole(deps: ImportDeps, importer: Importer, held: Held): Promise<void> {
  const { claimed, document, state, signal } = held;
  let read = 0;
  let from = 0;
  const bytes = () => {
    read = 0;
    return bytesOf(deps, claimed, signal, (count) => {
      read += count;
      state.progress = from + 49.5 * Math.min(1, read / Math.max(1, claimed.bytes));
    });
  };
  if (!state.is_checked) {
    const kept: unknown[][] = [];
    let total = 0;
    let isSmall = claimed.bytes <= KEPT_BYTES;
    state.findings = [];
    for await (const { rows, findings } of importer.read(bytes(), document)) {
      addFindings(state.findings, findings);
      total += rows.length;
      isSmall &&= total <= KEPT_ROWS;
      if (isSmall) kept.push(rows);
      else kept.length = 0;
    }
    state.counts = { read: total };
    state.is_checked = true;
    if (isSmall) {
      for (const rows of kept) await writeRows(deps, importer, held, rows);
      return;
    }
    await checkpoint(deps, held);
  }
  from = 49.5;
  let number = 0;
  for await (const { rows } of importer.read(bytes(), document)) {
    // Those that were written before this process took over.
    const left = rows.slice(Math.min(rows.length, Math.max(0, state.done_rows - number)));
    number += rows.length;
    if (left.length === 0) continue;
    await writeRows(deps, importer, held, left);
    await checkpoint(deps, held);
  }
}

async function writeRows(
  deps: ImportDeps,
  importer: Importer,
  { document, state, signal }: Held,
  rows: unknown[],
): Promise<void> {
  signal.throwIfAborted();
  if (rows.length === 0) return;
  const written = await importer.write(deps, document, rows, state.done_rows);
  state.rows += written.rows;
  state.done_rows += rows.length;
  addCounts(state.counts, written.counts);
  addFindings(state.findings, written.findings);
}

async function checkpoint(deps: ImportDeps, { claimed, state }: Held): Promise<void> {
  const kept = await checkpointImport(deps.pool, claimed, { ...state, progress: Math.floor(state.progress) });
  if (!kept) throw new Error('Another worker took the document over.');
}

async function end(
  deps: ImportDeps,
  { claimed, document, state }: Held,
  importer: Importer | undefined,
  status: 'stored' | 'imported' | 'rejected',
): Promise<void> {
  if (!importer) {
    const detail = `No importer reads ${document.mediaType}. The document is kept and can be read when there is one.`;
    addFindings(state.findings, [{ code: 'no-importer', detail }]);
  }
  const { findings, rows, counts, done_rows } = state;
  const { name = null, version = null } = importer ?? {};
  const outcome = {
    status,
    findings,
    rows,
    counts,
    done_rows,
    importer: name,
    importerVersion: version,
    policy: document.policy,
  };
  await settleImport(deps.pool, claimed, outcome, deps.clock());
}

async function giveBack(
  deps: ImportDeps,
  importer: Importer | undefined,
  held: Held,
  error: unknown,
  isLost: boolean,
): Promise<void> {
  const { claimed, state } = held;
  const told = { tenant: claimed.tenant_id, import: claimed.id, attempts: claimed.attempts };
  if (isLost) return deps.log.info(told, 'document was taken over by another worker or destroyed');
  const later = (seconds: number) => new Date(deps.clock().getTime() + seconds * 1000);
  if (deps.signal?.aborted) return releaseImport(deps.pool, claimed, later(0), true);
  if (error instanceof Rejected) {
    addFindings(state.findings, [error.finding]);
    return end(deps, held, importer, 'rejected');
  }
  if (error instanceof Postponed) {
    addFindings(state.findings, [{ code: error.code, detail: error.message }]);
    return releaseImport(deps.pool, claimed, later(error.seconds), true, state.findings);
  }
  deps.log.warn({ ...told, err: error }, 'reading a document failed');
  const seconds = AGAIN_AFTER_SECONDS[claimed.attempts - 1];
  if (seconds !== undefined || isDatabaseAway(error)) return releaseImport(deps.pool, claimed, later(seconds ?? 60), false);
  addFindings(state.findings, [{ code: 'internal', detail: 'The document could not be read. The operator’s log says why.' }]);
  return end(deps, held, importer, 'rejected');
}
