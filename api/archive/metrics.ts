import { Gauge, type OpenMetricsContentType, type Registry } from 'prom-client';
import { type ArchiveState, type LastRun, lastArchiveRuns, readArchive } from '../../sql/archive/state.ts';
import type { Pool } from '../../sql/database/db.ts';
import { oncePerScrape } from '../http/scrape.ts';

const HELD: [string, string, keyof ArchiveState][] = [
  ['files', 'Archive files by state; proved: verified and still in the database, condemned: waiting for deletion', 'files'],
  ['events', 'Events in these files', 'rows'],
  ['bytes', 'Bytes of these files', 'bytes'],
];

const RUNS: [string, string, keyof LastRun][] = [
  ['last_success_timestamp_seconds', 'Time of the last successful archive run', 'succeeded_at'],
  ['failures_since_success', 'Archive runs that have failed since', 'failures'],
];

/** Registers gauges for the archive of all customers together, and for the results of its last runs. */
export function describeArchive(ops: Pool, registers: Registry<OpenMetricsContentType>[]): void {
  const states = oncePerScrape(() => readArchive(ops));
  for (const [name, help, figure] of HELD) {
    new Gauge({
      name: `mirante_archive_${name}`,
      help,
      labelNames: ['status'],
      registers,
      async collect() {
        this.reset();
        for (const state of await states()) this.set({ status: state.status }, Number(state[figure]));
      },
    });
  }
  const runs = oncePerScrape(() => lastArchiveRuns(ops));
  for (const [name, help, figure] of RUNS) {
    new Gauge({
      name: `mirante_archive_${name}`,
      help,
      registers,
      async collect() {
        this.set((await runs())[0]?.[figure] ?? Number.NaN);
      },
    });
  }
}
