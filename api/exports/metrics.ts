import { Gauge, type OpenMetricsContentType, type Registry } from 'prom-client';
import type { Pool } from '../../sql/database/db.ts';
import { readExportStates } from '../../sql/exports/state.ts';
import { oncePerScrape } from '../http/scrape.ts';

/** Registers gauges for the exports of all customers by state, and for failures among the running ones. */
export function describeExports(ops: Pool, registers: Registry<OpenMetricsContentType>[]): void {
  const states = oncePerScrape(() => readExportStates(ops));
  new Gauge({
    name: 'mirante_exports',
    help: 'Exports of all tenants, by status',
    labelNames: ['status'],
    registers,
    async collect() {
      this.reset();
      for (const { status, exports } of await states()) this.set({ status }, exports);
    },
  });
  new Gauge({
    name: 'mirante_exports_failing',
    help: 'Running exports whose last attempt failed and which will be retried',
    registers,
    async collect() {
      const known = await states();
      this.set(known.length > 0 ? known.reduce((sum, { failing }) => sum + failing, 0) : Number.NaN);
    },
  });
}
