import { createEventReceiver } from '../../jobs/imports/receive.ts';
import { runReplays } from '../../jobs/imports/replay.ts';
import { runImports } from '../../jobs/imports/run.ts';
import { readConfig, secretOf } from '../../lib/config.ts';
import { createLog } from '../../lib/log.ts';
import { openObjectStore } from '../../lib/open-object-store.ts';
import { createPool } from '../../sql/database/db.ts';
import { loginUrl } from '../../sql/database/roles.ts';

// A worker in a separate process, which a test kills: `tsx test/support/import-worker.ts <offset of its clock> [<delay until
// it kills itself, counted from when it begins to work>]`, both in milliseconds. It prints its peak memory in MB.
const config = readConfig();
const [ahead = 0, life] = process.argv.slice(2).map(Number);
const pool = createPool(loginUrl(config, 'mirante_jobs'), { role: 'mirante_owner', name: 'test imports', max: 5 });
const log = createLog('imports', config.LOG_LEVEL);
const logins = { api: loginUrl(config, 'mirante_api') };
const deps = {
  pool,
  log,
  clock: () => new Date(Date.now() + ahead),
  objects: openObjectStore(config),
  logins,
  secret: secretOf(config),
  config,
  events: createEventReceiver({ pool, log, config, logins }),
};
if (life !== undefined) setTimeout(() => process.kill(process.pid, 'SIGKILL'), life);
await runImports(deps);
await runReplays(deps);
await deps.events.close();
await pool.end();
process.stdout.write(`${process.resourceUsage().maxRSS / 1024}\n`);
process.exit(0);
