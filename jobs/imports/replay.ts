import { isDatabaseAway } from '../../sql/database/db.ts';
import type { Finding } from '../../sql/imports/imports.ts';
import {
  addDifferences,
  type ClaimedRun,
  claimRun,
  clearDifferences,
  documentsOfRun,
  endRun,
  keepRun,
  noteCompared,
  noteVersion,
  type RunCounts,
  type RunDocument,
  releaseRun,
} from '../../sql/imports/replays.ts';
import { bytesOf, documentOf } from './body.ts';
import { addFindings } from './findings.ts';
import type { Difference, ImportDeps, Importer, Replay } from './importer.ts';
import { importerOf } from './importers.ts';
import { Postponed, Rejected } from './outcomes.ts';

const KEEP_EVERY_MS = 5_000;
const AGAIN_AFTER_SECONDS = [5, 30, 120, 600];
const PAGE = 100;
/** Differences of a run that are stored row by row. The counts are of all. */
const MAX_DIFFERENCES = 100_000;

/** Reads documents again until no run is due. Returns how many runs changed something. */
export async function runReplays(deps: ImportDeps): Promise<number> {
  let changed = 0;
  while (!deps.signal?.aborted) {
    const run = await claimRun(deps.pool, deps.clock());
    if (!run) break;
    if (await runReplay(deps, run)) changed++;
  }
  return changed;
}

async function runReplay(deps: ImportDeps, run: ClaimedRun): Promise<boolean> {
  const lost = new AbortController();
  const signal = AbortSignal.any([lost.signal, ...(deps.signal ? [deps.signal] : [])]);
  const progress = { percent: run.status === 'applying' ? 50 : 0 };
  const timer = setInterval(() => {
    keepRun(deps.pool, run, Math.floor(progress.percent), deps.clock()).then(
      (kept) => kept || lost.abort(),
      () => undefined,
    );
  }, KEEP_EVERY_MS);
  try {
    if (run.status !== 'applying') {
      const counts = await compare(deps, run, signal, progress);
      if (!(await noteCompared(deps.pool, run, counts, deps.clock())) || run.dry_run) return false;
    }
    await readAll(deps, run, signal, progress, false, async () => undefined);
    await endRun(deps.pool, run, null, deps.clock());
    return true;
  } catch (error) {
    await giveBack(deps, run, error, lost.signal.aborted);
    return true;
  } finally {
    clearInterval(timer);
  }
}

type Progress = { percent: number };

async function compare(deps: ImportDeps, run: ClaimedRun, signal: AbortSignal, progress: Progress): Promise<RunCounts> {
  const counts: RunCounts = { documents: 0, rows: 0, added: 0, changed: 0, removed: 0, kept: 0, findings: [] };
  await clearDifferences(deps.pool, run.id);
  const read = await readAll(deps, run, signal, progress, true, async (found) => {
    for (const { kind } of found) counts[kind]++;
    const kept = found.slice(0, Math.max(0, MAX_DIFFERENCES - counts.kept));
    await addDifferences(deps.pool, run, counts.kept + 1, kept);
    counts.kept += kept.length;
  });
  return { ...counts, ...read };
}

type ReadAll = { documents: number; rows: number; findings: Finding[] };

// One reading of all documents; those of each importer are one replay. A document that cannot be read is a finding of the run.
async function readAll(
  deps: ImportDeps,
  run: ClaimedRun,
  signal: AbortSignal,
  progress: Progress,
  isDryRun: boolean,
  take: (found: Difference[]) => Promise<void>,
): Promise<ReadAll> {
  const replays = new Map<Importer, Replay<unknown>>();
  const read: ReadAll = { documents: 0, rows: 0, findings: [] };
  const [from, span] = isDryRun ? [0, run.dry_run ? 99 : 50] : [50, 49];
  for await (const { row, share } of documents(deps, run)) {
    const importer = importerOf(row.media_type);
    const refusal = refusalOf(run, row, importer);
    if (!importer || refusal) {
      addFindings(read.findings, refusal);
      continue;
    }
    let replay = replays.get(importer);
    if (!replay) {
      const about = {
        id: run.id,
        tenantId: run.tenant_id,
        keyId: run.key_id,
        policy: run.policy ?? (run.undoes ? (row.policy ?? importer.policies?.[0] ?? null) : null),
      };
      replay = await importer.replay(deps, about, isDryRun);
      replays.set(importer, replay);
    }
    await readOne(deps, run, { row, importer, replay, signal, isDryRun, read, take });
    progress.percent = Math.max(progress.percent, from + span * share);
  }
  for (const replay of replays.values()) await take((await replay.finish?.()) ?? []);
  return read;
}

function refusalOf({ policy }: ClaimedRun, row: RunDocument, importer: Importer | undefined): Finding[] | undefined {
  if (!importer)
    return [{ code: 'no-importer', detail: `No importer reads ${row.media_type}.`, pointer: `/imports/${row.id}` }];
  if (policy === null || importer.policies?.includes(policy)) return undefined;
  return [
    {
      code: 'unknown-policy',
      detail: `The importer ${importer.name} has no policy of this name.`,
      pointer: `/imports/${row.id}`,
    },
  ];
}

type Reading = {
  row: RunDocument;
  importer: Importer;
  replay: Replay<unknown>;
  signal: AbortSignal;
  isDryRun: boolean;
  read: ReadAll;
  take: (found: Difference[]) => Promise<void>;
};

async function readOne(deps: ImportDeps, run: ClaimedRun, reading: Reading): Promise<void> {
  const { row, importer, replay, signal, isDryRun, read, take } = reading;
  const document = { ...documentOf(row, importer), keyId: run.key_id };
  const findings: Finding[] = [];
  let count = 0;
  try {
    // As when it arrived: a document with a fault changes nothing. Its difference was computed by a whole reading already.
    if (isDryRun) for await (const _ of importer.read(bytesOf(deps, row, signal), document));
    for await (const batch of importer.read(bytesOf(deps, row, signal), document)) {
      addFindings(findings, batch.findings);
      count += batch.rows.length;
      if (batch.rows.length > 0) await take(await replay.take(document, batch.rows));
    }
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    addFindings(read.findings, [{ ...error.finding, pointer: `/imports/${row.id}` }]);
    return;
  }
  await take((await replay.endDocument?.(document)) ?? []);
  read.documents++;
  read.rows += count;
  if (isDryRun) return;
  addFindings(findings, replay.findings?.());
  const { policy, mapping } = document;
  const how = { importer: importer.name, importerVersion: importer.version, policy, mapping, findings, rows: count };
  await noteVersion(deps.pool, run, row.id, how, deps.clock());
}

async function* documents(deps: ImportDeps, run: ClaimedRun): AsyncGenerator<{ row: RunDocument; share: number }> {
  let after: string | undefined;
  let done = 0;
  for (;;) {
    const rows = await documentsOfRun(deps.pool, run, after, PAGE);
    for (const row of rows) yield { row, share: ++done / (done + rows.length) };
    after = rows.at(-1)?.id;
    if (rows.length < PAGE) return;
  }
}

async function giveBack(deps: ImportDeps, run: ClaimedRun, error: unknown, isLost: boolean): Promise<void> {
  const told = { tenant: run.tenant_id, import_run: run.id, attempts: run.attempts };
  if (isLost) return deps.log.info(told, 'reading again was taken over by another worker');
  const later = (seconds: number) => new Date(deps.clock().getTime() + seconds * 1000);
  if (deps.signal?.aborted) return releaseRun(deps.pool, run, later(0), true);
  if (error instanceof Postponed) return releaseRun(deps.pool, run, later(error.seconds), true);
  deps.log.warn({ ...told, err: error }, 'reading documents again failed');
  const seconds = AGAIN_AFTER_SECONDS[run.attempts - 1];
  if (seconds !== undefined || isDatabaseAway(error)) return releaseRun(deps.pool, run, later(seconds ?? 60), false);
  await endRun(deps.pool, run, 'internal', deps.clock());
}
