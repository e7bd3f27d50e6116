import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { benchArchive } from './archive.ts';
import { benchArchiveFaults } from './archive-faults.ts';
import { benchBackfill } from './backfill.ts';
import { benchBackup } from './backup.ts';
import { benchBenchmarks } from './benchmarks.ts';
import { benchConsole } from './console.ts';
import { benchDashboards } from './dashboards.ts';
import { benchExportFaults } from './export-faults.ts';
import { benchExportJobs } from './export-jobs.ts';
import { benchExports } from './exports.ts';
import { benchFairness } from './fairness.ts';
import { benchFreshness } from './freshness.ts';
import { benchGates } from './gates.ts';
import { fillHistory } from './history.ts';
import { benchImports } from './imports.ts';
import { benchIngest } from './ingest.ts';
import { benchPerformance } from './performance.ts';
import { benchQueries } from './queries.ts';
import { benchReconcile } from './reconcile.ts';
import { benchRefresh } from './refresh.ts';
import { benchReports } from './reports.ts';
import { raise, type Stage } from './stage.ts';
import { benchStorage } from './storage.ts';
import { tablesOf } from './tables.ts';
import { benchTestScores } from './test-scores.ts';

const EVENTS = Number(process.argv[3] ?? 10_000_000);
const TENANTS = 200;
const STAGED: Record<string, number> = {
  ingest: 50,
  freshness: 50,
  backfill: 50,
  benchmarks: 1000,
  archive: 20,
  'archive-faults': 3,
  exports: 1,
  'export-jobs': 1,
  'export-faults': 1,
  fairness: 20,
  console: 5,
  performance: 1,
  imports: 3,
  reports: 1,
  'test-scores': 20,
};
const note = (sentence: string) => process.stderr.write(`  ${sentence}\n`);

const BENCHMARKS: Record<string, (stage: Stage) => Promise<Record<string, unknown>>> = {
  ingest: benchIngest,
  freshness: benchFreshness,
  backfill: (stage) => benchBackfill(stage, EVENTS / 10, note),
  gates: async (stage) => {
    await fillHistory(stage, EVENTS / 10, { from: 30, to: 0 }, note);
    return benchGates(stage);
  },
  // On one growing database, because the question is whether history costs anything.
  history: async (stage) => {
    const refresh: Record<string, unknown> = {};
    const recent = Math.round(EVENTS / 15);
    await fillHistory(stage, recent, { from: 2, to: 0 }, note);
    let filled = recent;
    for (const events of [EVENTS / 10, EVENTS / 3, EVENTS].map(Math.round)) {
      await fillHistory(stage, events - filled, { from: 30, to: 2 }, note);
      filled = events;
      refresh[`over ${events} events`] = await benchRefresh(stage);
    }
    const queries = await benchQueries(stage);
    return { refresh, queries, storage: await benchStorage(stage), memory_mb: stage.memory() };
  },
  reconcile: async (stage) => {
    await fillHistory(stage, EVENTS, { from: 30, to: 0 }, note);
    return benchReconcile(stage);
  },
  exports: (stage) => benchExports(stage, EVENTS, note),
  archive: async (stage) => {
    await fillHistory(stage, EVENTS / 10, { from: 66, to: 60 }, note);
    return benchArchive(stage);
  },
  'archive-faults': (stage) => benchArchiveFaults(stage, note),
  backup: async (stage) => {
    await fillHistory(stage, EVENTS / 10, { from: 30, to: 0 }, note);
    return benchBackup(stage);
  },
  benchmarks: (stage) => benchBenchmarks(stage, note),
  'export-jobs': (stage) => benchExportJobs(stage, Math.round(EVENTS / 10)),
  'export-faults': benchExportFaults,
  imports: (stage) => benchImports(stage, note),
  fairness: (stage) => benchFairness(stage, Math.round(EVENTS / 50), note),
  performance: (stage) => benchPerformance(stage, note),
  reports: (stage) => benchReports(stage, note),
  'test-scores': (stage) => benchTestScores(stage, note),
  dashboards: async (stage) => {
    await fillHistory(stage, EVENTS, { from: 30, to: 0 }, note);
    return benchDashboards(stage);
  },
  console: async (stage) => {
    await fillHistory(stage, EVENTS / 100, { from: 30, to: 0 }, note);
    return benchConsole(stage, note);
  },
};

const machine = `${cpus().length} × ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, node ${process.version}`;

const only = process.argv[2];
// `tables` measures nothing: it only writes results.md again from results.json.
if (only && only !== 'tables' && !BENCHMARKS[only])
  throw new Error(`There is no benchmark ${only}. Choose one of ${Object.keys(BENCHMARKS).join(', ')}, or tables.`);
const file = new URL('results.json', import.meta.url);
// A single benchmark replaces its own results and keeps the others.
const results: Record<string, unknown> = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
for (const [name, run] of Object.entries(BENCHMARKS)) {
  if (only && only !== name) continue;
  process.stderr.write(`${name}\n`);
  const stage = await raise(STAGED[name] ?? TENANTS);
  try {
    results[name] = { at: new Date().toISOString(), machine, engine: stage.engine, ...(await run(stage)) };
  } finally {
    await stage.stop();
  }
}
writeFileSync(file, `${JSON.stringify(results, rounded, 2)}\n`);
const tables = tablesOf(JSON.parse(readFileSync(file, 'utf8')));
writeFileSync(new URL('results.md', import.meta.url), tables);
process.stdout.write(tables);

function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(4)) : value;
}
