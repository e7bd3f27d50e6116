import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { refreshLocked } from '../../jobs/metrics/refresh-rollups.ts';
import { publishLedger } from '../../jobs/privacy/ledger.ts';
import { carryOut } from '../../jobs/privacy/repeat-erasures.ts';
import type { Config } from '../../lib/config.ts';
import { openObjectStore } from '../../lib/open-object-store.ts';
import { withArchiveTurn } from '../../sql/archive/files.ts';
import { createPool, type Pool } from '../../sql/database/db.ts';
import { withRefreshLock } from '../../sql/metrics/rollups.ts';
import { exportTenant } from '../../sql/portable/export-tenant.ts';
import { importTenant } from '../../sql/portable/import-tenant.ts';
import { readTenantManifest, type TenantManifest } from '../../sql/portable/manifest.ts';
import { entriesOf, isOfExport, ledgerLines } from '../../sql/privacy/ledger.ts';
import { detectEngine } from '../../sql/storage/engine.ts';
import { withDatabase } from './database.ts';
import {
  LEDGER_OPTIONS,
  type LedgerGiven,
  type OutsideLedger,
  REFUSED,
  readLedgerAt,
  WITHOUT_LEDGER,
  withErasers,
} from './ledger.ts';
import { asOwner } from './owner.ts';
import { UsageError } from './usage.ts';

type PortableConfig = Pick<Config, 'DATABASE_URL' | 'MIRANTE_DATA_DIR' | 'OBJECT_STORE_URL' | 'RAW_RETENTION_DAYS'>;

/** The command `export-all`. Returns sentences that say what was written and what was left out. */
export async function exportAll(args: string[], config: PortableConfig): Promise<string> {
  const options = {
    tenant: { type: 'string' },
    to: { type: 'string' },
    parquet: { type: 'boolean' },
    'with-pseudonym-key': { type: 'boolean' },
  } as const;
  const { values } = parseArgs({ args, options });
  const { tenant, to: folder, parquet = false } = values;
  if (!tenant || !folder) throw new UsageError('Use `export-all --tenant <slug or id> --to <folder>`.');
  const withPseudonymKey = values['with-pseudonym-key'] ?? false;
  const store = openObjectStore(config);
  try {
    const manifest = await withMigrator(config, (pool) =>
      exportTenant({ pool, store, tenant, folder, parquet, withPseudonymKey }),
    );
    const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
    return [
      `Exported ${manifest.tenant.slug} to ${folder}: ${manifest.tables.length} tables and roll-ups, ${rows} rows, ${manifest.objects.length} archived files.`,
      withPseudonymKey
        ? 'The key of its pseudonyms is in tables/pseudonym_keys.csv: anybody who has it can find out whether a person is in these rows.'
        : 'The key of its pseudonyms is not included (--with-pseudonym-key): without it another Mirante cannot find a person by an identifier.',
    ].join('\n');
  } finally {
    store.close();
  }
}

/** The command `import-all`. Returns sentences that say what was imported and what to do next. */
export async function importAll(args: string[], config: PortableConfig): Promise<string> {
  const { values, positionals } = parseArgs({
    args,
    options: { as: { type: 'string' }, ...LEDGER_OPTIONS },
    allowPositionals: true,
  });
  const [folder, ...more] = positionals;
  if (!folder || more.length > 0) throw new UsageError('Use `import-all <folder> [--as <slug>]`, with one folder.');
  return withDatabase(config, (databaseUrl) => importFolder(folder, values, { ...config, DATABASE_URL: databaseUrl }));
}

async function importFolder(folder: string, given: ImportGiven, config: PortableConfig): Promise<string> {
  const manifest = await readTenantManifest(folder);
  const ledger = await ledgerFor(manifest, given, config);
  const store = openObjectStore(config);
  try {
    // No refresh may see a half import, or run between its rows and its roll-ups. No clean-up of the store may see its
    // files, which are written before the rows that name them are committed.
    const imported = await asOwner(
      config,
      'import-all',
      (owner) =>
        withArchiveTurn(owner, () =>
          withRefreshLock(owner, true, async (client) => {
            const done = await withMigrator(config, (pool) =>
              importTenant({
                pool,
                store,
                folder,
                slug: given.as,
                rawDays: config.RAW_RETENTION_DAYS,
                ledger: ledger ? entriesOf(ledger, manifest.tenant.id) : [],
              }),
            );
            const engine = await detectEngine(client);
            await refreshLocked(client, { pool: owner, engine, log: pino({ level: 'silent' }), clock: () => new Date() });
            return done;
          }),
        ),
      // One for the archive's turn, one for the lock, two for the refresh.
      4,
    );
    if (!imported) throw new Error('The roll-ups are locked by a refresh. Run the command again.');
    const erased = ledger
      ? await asOwner(
          config,
          'import-all',
          (owner) => withErasers(owner, config, (deps) => carryOut(deps, imported.repeated, ledger.length)),
          6,
        )
      : [WITHOUT_LEDGER];
    const rows = Object.values(imported.rows).reduce((sum, n) => sum + n, 0);
    return [
      `Imported ${imported.tenant.slug} (${imported.tenant.id}): ${rows} rows.`,
      ...imported.remarks,
      ...(imported.tooOld > 0
        ? [`Rows that were not imported, because they are older than this platform keeps: ${imported.tooOld}.`]
        : []),
      ...erased,
      'Its keys and SQL logins are closed: create new ones. Webhooks are signed with new secrets.',
    ].join('\n');
  } finally {
    store.close();
  }
}

type ImportGiven = LedgerGiven & { as?: string | undefined };

/**
 * The ledger of the platform where the folder was made: this one's, or the one at `--ledger`. Throws if neither is, unless
 * `--without-ledger`.
 */
async function ledgerFor(manifest: TenantManifest, given: ImportGiven, config: PortableConfig): Promise<OutsideLedger> {
  if (given['without-ledger']) return undefined;
  const own = given.ledger
    ? await readLedgerAt(given.ledger)
    : await asOwner(
        config,
        'import-all',
        (owner) =>
          withErasers(owner, config, async (deps) => {
            await publishLedger(deps);
            return ledgerLines(owner);
          }),
        2,
      );
  if (isOfExport(own, manifest.tenant.id, manifest.ledger)) return own;
  throw new Error(
    `${given.ledger ?? 'The erasure ledger here'} is not that of the platform where the folder was made. ${REFUSED}`,
  );
}

async function withMigrator<T>(config: PortableConfig, work: (pool: Pool) => Promise<T>): Promise<T> {
  return withDatabase(config, async (databaseUrl) => {
    const pool = createPool(databaseUrl, { max: 2, name: 'mirante portable', statementTimeoutMs: 86_400_000 });
    try {
      return await work(pool);
    } finally {
      await pool.end();
    }
  });
}
