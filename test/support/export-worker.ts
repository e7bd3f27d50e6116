import { deliverAlerts } from '../../jobs/alerts/deliver.ts';
import { createExportRunner } from '../../jobs/exports/run.ts';
import { readConfig, secretOf } from '../../lib/config.ts';
import { createLog } from '../../lib/log.ts';
import { openObjectStore } from '../../lib/open-object-store.ts';
import { openArchive } from '../../sql/archive/home.ts';
import { createPool } from '../../sql/database/db.ts';
import { loginUrl } from '../../sql/database/roles.ts';

// A worker in a separate process, which a test kills: `tsx test/support/export-worker.ts <offset of its clock> [<delay until
// it kills itself>]`, both in milliseconds. SIGKILL cannot be handled, even if the process sends it to itself.
const config = readConfig();
const [ahead = 0, life] = process.argv.slice(2).map(Number);
const pool = createPool(loginUrl(config, 'mirante_jobs'), { role: 'mirante_owner', name: 'test exports', max: 5 });
const objects = openObjectStore(config);
const deps = {
  pool,
  log: createLog('exports', config.LOG_LEVEL),
  clock: () => new Date(Date.now() + ahead),
  objects,
  archive: openArchive(config, objects),
  logins: { api: loginUrl(config, 'mirante_api') },
  secret: secretOf(config),
  config,
};
const run = createExportRunner(deps, () => deliverAlerts(deps));
if (life !== undefined) setTimeout(() => process.kill(process.pid, 'SIGKILL'), life);
await run();
await pool.end();
process.exit(0);
