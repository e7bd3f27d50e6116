import { readConfig, secretOf } from '../lib/config.ts';
import { migrate } from '../sql/database/migrate.ts';
import { archive } from './commands/archive.ts';
import { verifyAudit } from './commands/audit.ts';
import { backup } from './commands/backup.ts';
import { switchColumnstore } from './commands/columnstore.ts';
import { linkDashboards } from './commands/dashboard-links.ts';
import { lintDashboards } from './commands/dashboards.ts';
import { rotateGrants } from './commands/grants.ts';
import { checkHealth } from './commands/health.ts';
import { manageHomes, terminalAsk } from './commands/homes.ts';
import { makeLoginLink } from './commands/login-link.ts';
import { makeOperatorKey } from './commands/operator-key.ts';
import { exportAll, importAll } from './commands/portable.ts';
import { privacy } from './commands/privacy.ts';
import { reconcileNow } from './commands/reconcile.ts';
import { restore } from './commands/restore.ts';
import { restoreDrill } from './commands/restore-drill.ts';
import { UsageError } from './commands/usage.ts';
import { followSecret } from './commands/vault.ts';
import { metabase } from './metabase/metabase.ts';

type Command = {
  usage: string;
  summary: string /** Returns an exit code if it is not 0. */;
  run: (args: string[]) => Promise<unknown>;
};

const WHERE =
  "Commands use the database of DATABASE_URL, with the migrator's login, or the embedded one of MIRANTE_DATA_DIR while `npm run up` runs.";

const COMMANDS: Record<string, Command> = {
  migrate: {
    usage: 'migrate',
    summary: 'migrates the database of DATABASE_URL to this version; safe to repeat',
    run: async (args) => {
      noMore(args);
      const config = readConfig();
      if (!config.DATABASE_URL)
        throw new Error('DATABASE_URL is missing: set it to the database, with the login that owns it.');
      say(`The database is up to date. Engine: ${await migrate(config.DATABASE_URL, secretOf(config), say)}.`);
    },
  },
  'operator-key': {
    usage: 'operator-key [--to <file>]',
    summary: 'creates a key with the scope admin and shows it once in the terminal, or writes it to a file',
    run: async (args) => say(await makeOperatorKey(args, readConfig(), process.stdout.isTTY)),
  },
  'login-link': {
    usage: 'login-link [--member <email> [--tenant <slug>] | --operator] [--to <file>]',
    summary: 'creates a link that signs a member in once, within ten minutes; by default the administrator of the tenant demo',
    run: async (args) => say(await makeLoginLink(args, readConfig(), process.stdout.isTTY)),
  },
  archive: {
    usage: 'archive list | run | verify | restore | rules | rule (docs/archive.md)',
    summary: 'lists, runs, verifies and restores the archive of raw events, and sets how long it keeps them',
    run: (args) => archive(args, readConfig(), say),
  },
  audit: {
    usage: 'audit verify [--head <seq>:<hash>]',
    summary: 'verifies the audit log; exits with 1 if a row was changed, removed or inserted',
    run: async (args) => say(await verifyAudit(args, readConfig())),
  },
  backup: {
    usage: 'backup [--to <folder>]',
    summary: 'backs up the database of DATABASE_URL with pg_dump, or the embedded server of MIRANTE_DATA_DIR while it runs',
    run: async (args) => say(await backup(args, readConfig())),
  },
  columnstore: {
    usage: 'columnstore on --after 7d | off',
    summary: 'switches the events table between compression and row security (TimescaleDB Community); safe to repeat',
    run: (args) => switchColumnstore(args, readConfig(), say),
  },
  dashboards: {
    usage: 'dashboards lint | links',
    summary:
      'checks the definitions of dashboards, one line for each fault; or creates a short link to each with the keys of `npm run up`',
    run: async ([what, ...args]) =>
      say(
        what === 'links'
          ? await linkDashboards(args, readConfig().MIRANTE_DATA_DIR, process.stdout.isTTY)
          : lintDashboards(what === undefined ? [] : [what, ...args]),
      ),
  },
  'export-all': {
    usage: 'export-all --tenant <slug or id> --to <folder> [--parquet] [--with-pseudonym-key]',
    summary: 'exports all rows of a tenant into a folder: CSV, schemas, manifest',
    run: async (args) => say(await exportAll(args, readConfig())),
  },
  'import-all': {
    usage: 'import-all <folder> [--as <slug>] [--ledger <folder> | --without-ledger]',
    summary: 'imports such a folder, everything or nothing, if the tenant does not exist yet',
    run: async (args) => say(await importAll(args, readConfig())),
  },
  grants: {
    usage: 'grants rotate',
    summary: 'signs grants with a new secret; grants of the previous secret stay valid, older ones end',
    run: async (args) => say(await rotateGrants(args, readConfig())),
  },
  homes: {
    usage: 'homes [--remove <name> [--yes]]',
    summary: 'lists where embedded servers started by root keep their data, and removes one after asking',
    run: (args) => manageHomes(args, { say, ask: terminalAsk() }),
  },
  metabase: {
    usage: 'metabase plan | apply | drift | smoke [--tenants a,b] | login',
    summary: 'provisions the Metabase of METABASE_URL from dashboards/; drift exits with 2 if it differs',
    run: (args) => metabase(args, readConfig(), say, { isTerminal: process.stdout.isTTY }),
  },
  privacy: {
    usage: 'privacy verify <certificate> | repeat [--ledger <folder>]',
    summary:
      'verifies a certificate by the audit log; or, on a database restored by other means, repeats the erasures that it does not know',
    run: async (args) => say(await privacy(args, readConfig())),
  },
  reconcile: {
    usage: 'reconcile [--repair]',
    summary:
      'compares receipts, raw events, quarantine and roll-ups; exits with 1 and the first difference; --repair first rebuilds roll-ups that differ from the raw events',
    run: async (args) => say(await reconcileNow(args, readConfig())),
  },
  restore: {
    usage: 'restore <backup> [--into <DATABASE_URL> | --replace] [--ledger <folder> | --without-ledger]',
    summary:
      'restores a backup into an empty database, or into MIRANTE_DATA_DIR, counts every row, and repeats erasures since the backup',
    run: async (args) => say(await restore(args, readConfig())),
  },
  'restore-drill': {
    usage: 'restore-drill',
    summary: 'makes a backup, restores it elsewhere, compares every table and a metric of each tenant, and records the result',
    run: async (args) => say(await restoreDrill(args, readConfig())),
  },
  vault: {
    usage: 'vault reseal',
    summary: 'after a change of MIRANTE_SECRET: lets the documents of the vault open with the new one; bodies stay as they are',
    run: async (args) => say(await followSecret(args, readConfig())),
  },
  health: {
    usage: 'health api|jobs',
    summary: 'exits with 0 if that program works, else with 1: for a container health check',
    run: async (args) => say(await checkHealth(args, readConfig())),
  },
};

function noMore(args: string[]): void {
  if (args.length > 0) throw new UsageError(`Unexpected arguments: ${args.join(' ')}`);
}

const say = (sentence: string) => void process.stdout.write(`${sentence}\n`);

function usage(): string {
  const width = Math.max(...Object.values(COMMANDS).map((command) => command.usage.length));
  const lines = Object.values(COMMANDS).map(({ usage, summary }) => `  ${usage.padEnd(width)}  ${summary}`);
  return `Usage: npm run mirante -- <command>\n\n${lines.join('\n')}\n\n${WHERE}\n`;
}

async function main(): Promise<number> {
  const [name, ...args] = process.argv.slice(2);
  if ([name, ...args].some((word) => word === '--help' || word === '-h')) {
    process.stdout.write(usage());
    return 0;
  }
  const command = name === undefined || !Object.hasOwn(COMMANDS, name) ? undefined : COMMANDS[name];
  if (!command) throw new UsageError(name === undefined ? 'No command given.' : `There is no command ${name}.`);
  const code = await command.run(args);
  return typeof code === 'number' ? code : 0;
}

process.exitCode = await main().catch((error: Error & { code?: string }) => {
  const misused = error instanceof UsageError || error.code?.startsWith('ERR_PARSE_ARGS');
  process.stderr.write(misused ? `${error.message}\n\n${usage()}` : `${error.message}\n`);
  return misused ? 2 : 1;
});
