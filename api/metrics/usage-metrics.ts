import { Gauge, type OpenMetricsContentType, type Registry } from 'prom-client';
import type { Pool } from '../../sql/database/db.ts';
import { readUsage, type Usage } from '../../sql/tenants/feature-uses.ts';
import { oncePerScrape } from '../http/scrape.ts';

const FIGURES: [string, string, keyof Usage][] = [
  ['week_dashboard_opens', 'Dashboards that viewers opened in the last seven days (UTC)', 'dashboard_opens'],
  ['week_dashboard_tenants', 'Customers whose dashboards were opened in the last seven days', 'dashboard_tenants'],
  ['week_benchmark_reads', 'Benchmarks that customers read in the last seven days', 'benchmark_reads'],
  ['week_benchmark_tenants', 'Customers that read a benchmark in the last seven days', 'benchmark_tenants'],
  ['week_benchmark_tenants_share', 'The same, as a share of those that have the feature', 'benchmark_tenants_share'],
  ['week_shared_insights', 'Dashboards opened by viewers and benchmarks read, together', 'insights'],
  ['month_shared_insights_growth', 'Their growth in thirty days over the thirty before', 'insight_growth'],
];

/** Registers gauges for the use of the product by all customers together. A number that is unknown is NaN. */
export function describeUsage(ops: Pool, registers: Registry<OpenMetricsContentType>[]): void {
  const usage = oncePerScrape(() => readUsage(ops));
  for (const [name, help, figure] of FIGURES) {
    new Gauge({
      name: `mirante_${name}`,
      help,
      registers,
      async collect() {
        this.set((await usage())[0]?.[figure] ?? Number.NaN);
      },
    });
  }
}
