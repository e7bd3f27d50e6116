import { randomBytes } from 'node:crypto';
import { copyFile, open, rm } from 'node:fs/promises';
import { pino } from 'pino';
import { drillNow, wayOf } from '../jobs/platform/restore-drill.ts';
import { readConfig } from '../lib/config.ts';
import { createPool } from '../sql/database/db.ts';
import { FOLDER, type Stage } from './stage.ts';

const BLOCK = 1 << 20;

/**
 * A restore drill as the jobs run it: seconds, and the ratio to a copy of as many bytes from one file to another, with
 * fsync.
 */
export async function benchBackup(stage: Stage): Promise<Record<string, unknown>> {
  const given = readConfig();
  const url = given.DATABASE_URL;
  const config = {
    ...given,
    MIRANTE_DATA_DIR: FOLDER,
    BACKUP_DATABASE_URL: given.BACKUP_DATABASE_URL ?? url,
    RESTORE_DRILL_DATABASE_URL: given.RESTORE_DRILL_DATABASE_URL ?? url,
  };
  const way = await wayOf({ config, secret: stage.secret, logins: { api: stage.apiDatabaseUrl } });
  if (!way) throw new Error('There is nothing to drill with.');
  const { bytes, events } = await sizes(stage);
  const copySeconds = await plainCopy(bytes);
  const drill = await drillNow({ pool: stage.owner, log: pino({ level: 'silent' }) }, way);
  return {
    kind: way.kind,
    events,
    rows: drill.records,
    database_mb: bytes / BLOCK,
    backup_mb: drill.bytes / BLOCK,
    backup_s: drill.backupSeconds,
    restore_s: drill.restoreSeconds,
    plain_copy_s: copySeconds,
    backup_to_plain_copy: drill.backupSeconds / copySeconds,
    restore_to_plain_copy: drill.restoreSeconds / copySeconds,
  };
}

async function sizes({ databaseUrl }: Stage): Promise<{ bytes: number; events: number }> {
  const pool = createPool(databaseUrl, { max: 1, name: 'bench', statementTimeoutMs: 600_000 });
  const { rows } = await pool.query<{ bytes: number; events: number }>(
    'select pg_database_size(current_database()) as bytes, (select count(*) from private.events) as events',
  );
  await pool.end();
  return rows[0] as { bytes: number; events: number };
}

async function plainCopy(bytes: number): Promise<number> {
  const [from, to] = [`${FOLDER}/plain`, `${FOLDER}/plain-copy`];
  const block = randomBytes(BLOCK);
  const file = await open(from, 'w');
  for (let written = 0; written < bytes; written += BLOCK) await file.write(block);
  await file.sync();
  await file.close();
  const started = performance.now();
  await copyFile(from, to);
  const copied = await open(to);
  await copied.sync();
  await copied.close();
  const seconds = (performance.now() - started) / 1000;
  for (const path of [from, to]) await rm(path);
  return seconds;
}
