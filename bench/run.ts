import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fillHistory } from './history.ts';
import { benchIngest } from './ingest.ts';
import { benchQueries } from './queries.ts';
import { benchRefresh } from './refresh.ts';
import { raise, type Stage } from './stage.ts';
import { benchStorage } from './storage.ts';

const EVENTS = Number(process.argv[3] ?? 10_000_000);
const TENANTS = 200;
const note = (sentence: string) => process.stderr.write(`  ${sentence}\n`);

const BENCHMARKS: Record<string, (stage: Stage) => Promise<Record<string, unknown>>> = {
  ingest: benchIngest,
  // On one database that grows, because what is asked is whether history costs anything.
  history: async (stage) => {
    const refresh: Record<string, unknown> = {};
    let filled = 0;
    for (const events of [EVENTS / 100, EVENTS / 10, EVENTS]) {
      await fillHistory(stage, events - filled, note);
      filled = events;
      refresh[`over ${events} events`] = await benchRefresh(stage);
    }
    const queries = await benchQueries(stage);
    return { refresh, queries, storage: await benchStorage(stage), peak_memory_mb: stage.peakMemory() };
  },
};

const only = process.argv[2];
if (only && !BENCHMARKS[only])
  throw new Error(`There is no benchmark ${only}; there are ${Object.keys(BENCHMARKS).join(', ')}.`);
const results: Record<string, unknown> = {};
for (const [name, run] of Object.entries(BENCHMARKS)) {
  if (only && only !== name) continue;
  process.stderr.write(`${name}\n`);
  const stage = await raise(name === 'ingest' ? 50 : TENANTS);
  try {
    results[name] = { engine: stage.engine, ...(await run(stage)) };
  } finally {
    await stage.stop();
  }
}
const machine = `${cpus().length} × ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, node ${process.version}`;
const report = { at: new Date().toISOString(), machine, ...results };
writeFileSync(new URL('results.json', import.meta.url), `${JSON.stringify(report, rounded, 2)}\n`);
const table = markdown(results);
writeFileSync(
  new URL('results.md', import.meta.url),
  `# Results\n\n${report.at.slice(0, 10)}, ${machine}. Ratios are against limits measured in the same run.\n\n${table}`,
);
process.stdout.write(table);

function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(4)) : value;
}

// One line for each figure, under the path that leads to it.
function markdown(tree: Record<string, unknown>): string {
  const lines: string[] = ['| figure | value |', '|---|---|'];
  const visit = (value: unknown, path: string) => {
    if (typeof value === 'object' && value !== null) {
      for (const [name, member] of Object.entries(value)) visit(member, path ? `${path} · ${name}` : name);
    } else {
      lines.push(`| ${path.replaceAll('|', '\\|')} | ${rounded('', value)} |`);
    }
  };
  visit(tree, '');
  return `${lines.join('\n')}\n`;
}
