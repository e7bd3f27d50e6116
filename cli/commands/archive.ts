import { parseArgs } from 'node:util';
import { restoreArchive, verifyArchive } from '../../jobs/archive/check.ts';
import { runRetention } from '../../jobs/archive/run-retention.ts';
import { repeatErasures } from '../../jobs/privacy/repeat-erasures.ts';
import type { Config } from '../../lib/config.ts';
import { createLog } from '../../lib/log.ts';
import { openObjectStore } from '../../lib/open-object-store.ts';
import { openArchive } from '../../sql/archive/home.ts';
import { eraseAgain, RESTORED_DAYS } from '../../sql/archive/restored.ts';
import {
  archiveTotals,
  findTenantByName,
  listArchiveRules,
  removeArchiveRule,
  setArchiveRule,
} from '../../sql/archive/rules.ts';
import { type Client, type Pool, withClient, withTransaction } from '../../sql/database/db.ts';
import { erasuresOf } from '../../sql/privacy/ledger.ts';
import { detectEngine } from '../../sql/storage/engine.ts';
import { LEDGER_OPTIONS, type LedgerGiven, outsideLedger, WITHOUT_LEDGER, withErasers } from './ledger.ts';
import { asOwner } from './owner.ts';
import { UsageError } from './usage.ts';

type Say = (sentence: string) => void;
type Options = {
  tenant?: string;
  type?: string;
  from?: string;
  to?: string;
  keep?: string;
  tier?: string;
  remove?: string;
} & LedgerGiven;
type Act = (pool: Pool, options: Options, config: Config, say: Say) => Promise<number>;

const FORMS = `Usage:
  archive list [--tenant <slug or id>]
  archive run
  archive verify [--tenant <slug or id>]
  archive restore --tenant <slug or id> --from <YYYY-MM-DD> --to <YYYY-MM-DD, exclusive> [--ledger <folder> | --without-ledger]
  archive rules
  archive rule --keep 730d [--tier <name>] [--tenant <slug or id>] [--type <type>]
  archive rule --remove <id>`;

const ACTS: Record<string, { takes: (keyof Options)[]; act: Act }> = {
  list: { takes: ['tenant'], act: list },
  run: { takes: [], act: run },
  verify: { takes: ['tenant'], act: verify },
  restore: { takes: ['tenant', 'from', 'to', 'ledger', 'without-ledger'], act: restore },
  rules: { takes: [], act: rules },
  rule: { takes: ['keep', 'tier', 'tenant', 'type', 'remove'], act: rule },
};

const text = { type: 'string' } as const;

/** The command `archive`. Returns the exit code: 1 if a check found a fault. */
export async function archive(args: string[], config: Config, say: Say): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    options: { tenant: text, type: text, from: text, to: text, keep: text, tier: text, remove: text, ...LEDGER_OPTIONS },
    allowPositionals: true,
  });
  const name = positionals.join(' ');
  const found = Object.hasOwn(ACTS, name) ? ACTS[name] : undefined;
  const strange = Object.keys(values).find((option) => !found?.takes.includes(option as keyof Options));
  if (!found || strange) throw new UsageError(FORMS);
  return asOwner(config, 'archive', (pool) => found.act(pool, values as Options, config, say), 6);
}

async function idOf(pool: Pool, name: string | undefined): Promise<string | undefined> {
  if (name === undefined) return undefined;
  const found = await findTenantByName(pool, name);
  if (!found) throw new Error(`There is no tenant ${name}.`);
  return found.id;
}

async function list(pool: Pool, { tenant }: Options, _config: Config, say: Say): Promise<number> {
  const totals = await archiveTotals(pool, await idOf(pool, tenant));
  for (const { slug, type, files, rows, bytes, first_day, last_day } of totals)
    say(`${slug}  ${type}  ${first_day} to ${last_day}  files ${files}, events ${rows}, ${megabytes(bytes)}`);
  const sum = (name: 'files' | 'rows' | 'bytes') => totals.reduce((total, one) => total + one[name], 0);
  say(`Total: files ${sum('files')}, events ${sum('rows')}, ${megabytes(sum('bytes'))}.`);
  return 0;
}

async function run(pool: Pool, _options: Options, config: Config, say: Say): Promise<number> {
  const home = openArchive(config, openObjectStore(config));
  const engine = await withClient(pool, detectEngine);
  const log = createLog('archive', config.LOG_LEVEL);
  const { files, rows, bytes, boundary, removed } = await runRetention({
    pool,
    engine,
    log,
    config,
    clock: () => new Date(),
    archive: home,
  }).finally(() => home.store.close());
  say(`Archived now: files ${files}, events ${rows}, ${megabytes(bytes)}. Expired files destroyed: ${removed}.`);
  say(
    boundary
      ? `The database keeps raw events from ${boundary.toISOString()} on.`
      : 'No raw event in the database is older than its retention.',
  );
  return 0;
}

async function verify(pool: Pool, { tenant }: Options, config: Config, say: Say): Promise<number> {
  const home = openArchive(config, openObjectStore(config));
  const found = await verifyArchive({ pool, archive: home }, await idOf(pool, tenant)).finally(() => home.store.close());
  for (const fault of found.faults) say(fault);
  say(`Files read: ${found.files}. Events: ${found.rows}. Faults: ${found.faults.length}.`);
  return found.faults.length === 0 ? 0 : 1;
}

const DAY = /^\d{4}-\d\d-\d\d$/;

async function restore(pool: Pool, options: Options, config: Config, say: Say): Promise<number> {
  const { tenant, from = '', to = '' } = options;
  if (tenant === undefined || !DAY.test(from) || !DAY.test(to)) throw new UsageError(FORMS);
  const range = { tenantId: (await idOf(pool, tenant)) as string, from, to };
  const ledger = await outsideLedger(config, options);
  // What a restored database did not know is repeated first, in the archive too.
  if (ledger) for (const sentence of await withErasers(pool, config, (deps) => repeatErasures(deps, ledger))) say(sentence);
  const again = async (client: Client, table: string) => {
    let erased = 0;
    for (const { person, until } of await erasuresOf(client, range.tenantId, ledger ?? []))
      erased += await eraseAgain(client, table, person, until);
    return erased;
  };
  const home = openArchive(config, openObjectStore(config));
  const { table, files, rows, erased } = await restoreArchive({ pool, archive: home }, range, new Date(), again).finally(() =>
    home.store.close(),
  );
  say(
    `${table} holds the ${rows} events of ${files} files, equal by count and digest. It is dropped after ${RESTORED_DAYS} days.`,
  );
  if (erased > 0) say(`Events of erased people that were removed from it again: ${erased}.`);
  if (!ledger) say(WITHOUT_LEDGER);
  return 0;
}

async function rules(pool: Pool, _options: Options, _config: Config, say: Say): Promise<number> {
  for (const one of await listArchiveRules(pool)) {
    const whose = one.tenant_id === null ? 'every customer' : `tenant ${one.tenant_id}`;
    say(`${one.id}  ${whose}, ${one.type ?? 'every type'}: ${one.keep_days} days (${one.tier})`);
  }
  return 0;
}

async function rule(pool: Pool, { tenant, type, keep, tier, remove }: Options, _config: Config, say: Say): Promise<number> {
  if (remove !== undefined) {
    const removed = await withTransaction(pool, 'begin', (client) => removeArchiveRule(client, remove));
    if (!removed)
      throw new Error(
        `There is no rule ${remove} that can be removed. The default rule can only be changed: archive rule --keep <days>d.`,
      );
    say('Removed.');
    return 0;
  }
  const days = Number(/^(\d{1,4})d$/.exec(keep ?? '')?.[1]);
  if (!(days <= 3650)) throw new UsageError(FORMS);
  const tenantId = (await idOf(pool, tenant)) ?? null;
  const made = await withTransaction(pool, 'begin', (client) =>
    setArchiveRule(client, { tenant_id: tenantId, type: type ?? null, tier: tier ?? 'standard', keep_days: days }),
  );
  say(made ? `Kept for ${made.keep_days} days (${made.tier}).` : 'There is no such tenant.');
  return made ? 0 : 1;
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
