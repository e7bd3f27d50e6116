import { Counter, Gauge, type OpenMetricsContentType, type Registry } from 'prom-client';
import type { Pool } from '../../sql/database/db.ts';
import { type ObjectiveRow, readObjectives } from '../../sql/objectives/objectives.ts';
import { type ProbeTotal, readProbeTotals } from '../../sql/objectives/probes.ts';
import { oncePerScrape } from '../http/scrape.ts';

type Registers = Registry<OpenMetricsContentType>[];
type Labels = Record<string, string>;

/**
 * Registers gauges for the last measurements of objectives and probes. Unknown values are NaN. No samples if the database does
 * not answer.
 */
export function describeObjectives(ops: Pool, registers: Registers): void {
  const objectives = oncePerScrape(() => readObjectives(ops));
  const gauge = (name: string, help: string, more: string[], values: (row: ObjectiveRow) => [Labels, number | null][]) =>
    new Gauge({
      name: `mirante_objective_${name}`,
      help,
      labelNames: ['objective', ...more],
      registers,
      async collect() {
        this.reset();
        for (const row of await objectives())
          for (const [labels, value] of values(row)) this.set({ objective: row.name, ...labels }, value ?? Number.NaN);
      },
    });
  gauge('target', 'Target of the objective', [], ({ target }) => [[{}, target]]);
  gauge('measured', 'Last measured value', [], ({ measured }) => [[{}, measured]]);
  gauge('budget_left', 'Share of the error budget that is left, 1 to 0', [], ({ budget_left }) => [[{}, budget_left]]);
  gauge('burn_rate', 'How fast the error budget is used up: at 1 it lasts for just the window', ['window'], (row) =>
    row.budget === null ? [] : (['1h', '6h', '3d'] as const).map((window) => [{ window }, row[`burn_${window}`]]),
  );
  gauge('alert', '1 while the error budget burns too fast', ['alert'], (row) =>
    row.budget === null ? [] : ['fast-burn', 'slow-burn'].map((alert) => [{ alert }, Number(row.alert === alert)]),
  );
  describeProbes(ops, registers);
}

function describeProbes(ops: Pool, registers: Registers): void {
  const totals = oncePerScrape(() => readProbeTotals(ops));
  const counter = (name: string, help: string, value: (total: ProbeTotal) => number) =>
    new Counter({
      name,
      help,
      labelNames: ['probe'],
      registers,
      async collect() {
        this.reset();
        for (const total of await totals()) this.inc({ probe: total.probe }, value(total));
      },
    });
  counter('mirante_probes', 'Probes of the public API, one of each kind per minute', ({ taken }) => taken);
  counter('mirante_probe_failures', 'Probes that failed', ({ failed }) => failed);
  new Gauge({
    name: 'mirante_probe_duration_seconds',
    help: 'Duration of the last probe; for `arrival` how far metrics are behind events',
    labelNames: ['probe'],
    registers,
    async collect() {
      this.reset();
      for (const { probe, milliseconds } of await totals()) this.set({ probe }, milliseconds / 1000);
    },
  });
}
