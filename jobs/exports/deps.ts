import type { Config } from '../../lib/config.ts';
import type { Logger } from '../../lib/log.ts';
import type { ObjectStore } from '../../lib/object-store.ts';
import type { ArchiveHome } from '../../sql/archive/home.ts';
import type { Pool } from '../../sql/database/db.ts';

/** Dependencies of the export jobs. */
export type ExportDeps = {
  pool: Pool;
  log: Logger;
  clock: () => Date;
  signal?: AbortSignal | undefined;
  objects: ObjectStore;
  archive: ArchiveHome;
  /** URL of the login that sees one tenant at a time. */
  logins: { api: string };
  config: Pick<Config, 'MIRANTE_DATA_DIR' | 'EXPORT_RETENTION_DAYS' | 'EXPORT_FILE_ROWS' | 'EXPORT_FILE_BYTES'>;
};
