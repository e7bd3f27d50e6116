import { pino } from 'pino';
import { verifyArchive } from '../jobs/archive/check.ts';
import { runRetention } from '../jobs/archive/run-retention.ts';
import { readConfig } from '../lib/config.ts';
import { openObjectStore } from '../lib/open-object-store.ts';
import { openArchive } from '../sql/archive/home.ts';
import { CopyOut } from '../sql/database/copy-out.ts';
import { withClient } from '../sql/database/db.ts';
import { detectEngine } from '../sql/storage/engine.ts';
import { FOLDER, type Stage } from './stage.ts';

/** Older events leave the database; the history before is filled in. */
const RAW_RETENTION_DAYS = 20;

/**
 * Seconds from a full database to proved files and dropped partitions, compared with a plain copy of the same rows that is
 * discarded.
 */
export async function benchArchive(stage: Stage) {
  const { owner } = stage;
  const config = { ...readConfig(), MIRANTE_DATA_DIR: FOLDER, RAW_RETENTION_DAYS };
  const archive = openArchive(config, openObjectStore(config));
  const engine = await withClient(owner, detectEngine);
  const { rows } = await owner.query<{ events: number; bytes: number }>(
    "select (select count(*) from private.events) as events, storage.hypertable_bytes('events') as bytes",
  );
  const before = rows[0] as (typeof rows)[0];
  const bare = await timed(async () => {
    await withClient(owner, async (client) => {
      for await (const _ of client.query(new CopyOut('copy (select * from private.events) to stdout (format csv)')));
    });
  });
  const deps = { pool: owner, engine, log: pino({ level: 'silent' }), config, clock: () => new Date(), archive };
  let run = { files: 0, rows: 0, bytes: 0 };
  const seconds = await timed(async () => {
    run = await runRetention(deps);
  });
  const verify = await timed(async () => {
    const { faults } = await verifyArchive(deps);
    if (faults.length > 0) throw new Error(faults[0]);
  });
  archive.store.close();
  return {
    events: run.rows,
    files: run.files,
    seconds,
    events_per_second: run.rows / seconds,
    bare_copy_seconds: bare,
    times_bare_copy: seconds / bare,
    verify_seconds: verify,
    bytes_per_event_archived: run.bytes / run.rows,
    bytes_per_event_in_database: before.bytes / before.events,
    peak_mb_of_this_process: Math.round(process.resourceUsage().maxRSS / 1024),
  };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}
