import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, environmentWith } from '../../lib/config.ts';
import { placeOf, runningUrl } from '../../lib/embedded-postgres.ts';
import { FolderInUse } from '../../lib/folder-lock.ts';
import type { Logger } from '../../lib/log.ts';
import { drillCopy, drillDump } from '../../sql/backup/drill.ts';
import type { Pool } from '../../sql/database/db.ts';
import {
  beginDrill,
  type DrillKind,
  type DrillResult,
  endDrill,
  forgetDrill,
  isDrillDue,
} from '../../sql/platform/restore-drills.ts';

export type DrillDeps = {
  pool: Pool;
  log: Logger;
  clock: () => Date;
  secret: string;
  logins: { api: string };
  config: Pick<Config, 'MIRANTE_DATA_DIR' | 'PG_BIN_DIR' | 'BACKUP_DATABASE_URL' | 'RESTORE_DRILL_DATABASE_URL'>;
  signal?: AbortSignal | undefined;
};

type Way = { kind: DrillKind; run: () => Promise<DrillResult> };

/** Once a week: makes a backup, restores it elsewhere, and stores the result. Throws if the drill failed. */
export async function runRestoreDrill(deps: DrillDeps): Promise<void> {
  if (!(await isDrillDue(deps.pool, deps.clock()))) return;
  const way = await wayOf(deps);
  // Nothing is recorded, and the objective stays unknown.
  if (!way) deps.log.info('restore drill skipped: set both BACKUP_DATABASE_URL and RESTORE_DRILL_DATABASE_URL');
  else await drillNow(deps, way);
}

/** Runs a drill now, whenever the last one was. Returns its result, or throws. */
export async function drillNow(deps: Pick<DrillDeps, 'pool' | 'log' | 'signal'>, { kind, run }: Way): Promise<DrillResult> {
  const id = await beginDrill(deps.pool, kind);
  try {
    const result = await run();
    await endDrill(deps.pool, id, result);
    deps.log.info({ kind, ...result }, 'restore drill passed');
    return result;
  } catch (error) {
    // A drill that was stopped with its program, or that found another one running, has proved nothing.
    if (deps.signal?.aborted || error instanceof FolderInUse) await forgetDrill(deps.pool, id);
    else await endDrill(deps.pool, id, error as Error);
    deps.log.error({ kind, err: error }, 'restore drill failed');
    throw error;
  }
}

/**
 * How to run a drill here: with pg_dump if its logins are set, with a copy if the server is the embedded one. Undefined if
 * neither.
 */
export async function wayOf(deps: Omit<DrillDeps, 'pool' | 'log' | 'clock'>): Promise<Way | undefined> {
  const { MIRANTE_DATA_DIR, PG_BIN_DIR, BACKUP_DATABASE_URL, RESTORE_DRILL_DATABASE_URL } = deps.config;
  const { secret, signal } = deps;
  const common = { secret, signal, apiUrl: deps.logins.api, folder: join(MIRANTE_DATA_DIR, 'drill') };
  if (BACKUP_DATABASE_URL && RESTORE_DRILL_DATABASE_URL) {
    const environment = environmentWith({ PGPASSWORD: undefined, PGOPTIONS: undefined, PGSERVICE: undefined });
    const programs = { folder: PG_BIN_DIR, path: environment.PATH };
    const drill = {
      ...common,
      databaseUrl: BACKUP_DATABASE_URL,
      scratchUrl: RESTORE_DRILL_DATABASE_URL,
      programs,
      environment,
    };
    return { kind: 'dump', run: () => drillDump(drill) };
  }
  if (!existsSync(join(MIRANTE_DATA_DIR, 'database-password'))) return undefined;
  const { data } = await placeOf(MIRANTE_DATA_DIR);
  const databaseUrl = runningUrl(MIRANTE_DATA_DIR, data);
  // The folder may belong to another platform, whose server is running too.
  if (!databaseUrl || new URL(databaseUrl).port !== new URL(deps.logins.api).port) return undefined;
  const drill = { ...common, databaseUrl, data, passwordFile: join(MIRANTE_DATA_DIR, 'database-password') };
  return { kind: 'copy', run: () => drillCopy(drill) };
}
