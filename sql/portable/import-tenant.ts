import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import { checkFiles } from '../../lib/checksums.ts';
import type { ObjectStore } from '../../lib/object-store.ts';
import { makePartitions } from '../archive/retention.ts';
import { refuseNewer } from '../backup/restore-dump.ts';
import { type Client, type Pool, withTransaction } from '../database/db.ts';
import { type Adopted, type LedgerEntry, noteImport, repeatEntry } from '../privacy/ledger.ts';
import { mendZones } from '../tenants/mend-zones.ts';
import { keepFigures } from './keep-figures.ts';
import { MANIFEST, readTenantManifest, type TenantManifest } from './manifest.ts';
import { CHANGED, ONLY, RECORDS } from './tables.ts';

type Table = TenantManifest['tables'][number];

export type ImportTenantOptions = {
  /** Pool of the login that migrates, without a role: each file is first loaded into a temporary table. */
  pool: Pool;
  store: ObjectStore;
  folder: string;
  /** The tenant's slug here; its own if undefined. */
  slug: string | undefined;
  /** How far back this platform accepts events, if its jobs program has not recorded it. */
  rawDays: number;
  /** Entries of the erasure ledger about the tenant, which are repeated on its rows. */
  ledger: LedgerEntry[];
};

export type Imported = {
  tenant: TenantManifest['tenant'];
  /** Imported rows of each table. */
  rows: Record<string, number>;
  /** Rows older than this platform's retention. */
  tooOld: number;
  repeated: Adopted[];
  /** Sentences about what changed by the import. */
  remarks: string[];
};

/**
 * Imports a tenant's folder, all of it or nothing: verifies its files, loads and counts each table, and records the import in the
 * audit log. The caller must have the archive's turn and the refresh lock, and must refresh afterwards. Throws if the tenant
 * already exists.
 */
export async function importTenant({ pool, store, folder, slug, rawDays, ledger }: ImportTenantOptions): Promise<Imported> {
  const manifest = await readTenantManifest(folder);
  await refuseNewer(manifest);
  await checkFiles(folder, manifest.files);
  const tenant = { ...manifest.tenant, slug: slug ?? manifest.tenant.slug };
  const stored: string[] = [];
  try {
    return await withTransaction(pool, 'begin', async (client) => {
      await refuseExisting(client, tenant);
      await keepFigures(client, manifest, rawDays);
      const rows: Record<string, number> = {};
      let tooOld = 0;
      for (const table of manifest.tables) {
        if (Object.hasOwn(RECORDS, table.name)) continue;
        const taken = await takeIn(client, folder, table, { tenant, objects: manifest.objects });
        rows[table.name] = taken.rows;
        tooOld += taken.tooOld;
      }
      await adopt(client, manifest.tables);
      const remarks = await mendZones(client);
      for (const name of manifest.objects) {
        if (await store.stat(name)) throw new Error(`The object store already has ${name}.`);
        await store.put(name, join(folder, 'objects', name));
        stored.push(name);
      }
      // In this transaction: if the command is killed afterwards, the jobs erase what is scheduled.
      const repeated = await repeatEntries(client, ledger, tenant.id);
      await note(client, folder, manifest, tenant);
      return { tenant, rows, tooOld, remarks, repeated };
    });
  } catch (error) {
    for (const name of stored) await store.remove(name);
    throw error;
  }
}

async function refuseExisting(client: Client, { id, slug }: TenantManifest['tenant']): Promise<void> {
  const { rows } = await client.query<{ id: string }>('select id from private.tenants where id = $1 or slug = $2', [id, slug]);
  if (rows[0]?.id === id) throw new Error(`The tenant ${id} already exists.`);
  if (rows[0]) throw new Error(`Another tenant already has the slug ${slug}. Choose another one with --as.`);
}

async function takeIn(
  client: Client,
  folder: string,
  table: Table,
  { tenant, objects }: Pick<TenantManifest, 'tenant' | 'objects'>,
): Promise<{ rows: number; tooOld: number }> {
  const target = await targetOf(client, table);
  const names = table.columns.map(({ name }) => `"${name}"`);
  await client
    .query(`create temporary table stage on commit drop as select ${names.join(', ')} from ${target.relation} where false`)
    .catch((error: Error) => {
      throw new Error(`The table ${table.name} differs from the one in the export: ${error.message}.`);
    });
  const sink = client.query(copyFrom(`copy stage (${names.join(', ')}) from stdin (format csv, header)`));
  await pipeline(createReadStream(join(folder, table.file)), sink);
  await checkStage(client, table, tenant.id);
  if (ONLY[table.name]) await client.query(`delete from stage where (${ONLY[table.name]}) is not true`);
  if (table.name === 'archive_files') await checkObjects(client, objects);
  const tooOld = await shorten(client, target);
  if (target.partitioned) await makeRoom(client, table.name, target.time as string);
  const changed: Record<string, string> = {
    ...CHANGED[table.name],
    ...(table.name === 'tenants' && { slug: quote(tenant.slug) }),
  };
  const others = Object.keys(changed).filter((name) => !names.includes(`"${name}"`));
  const into = [...names, ...others.map((name) => `"${name}"`)].join(', ');
  const values = [...table.columns.map(({ name }) => changed[name] ?? `"${name}"`), ...others.map((name) => changed[name])];
  // The access log of a tenant that was removed here is kept for its six months.
  const onConflict = table.name === 'access_log' ? ' on conflict do nothing' : '';
  const { rowCount } = await client.query(
    `insert into ${target.relation} (${into}) select ${values.join(', ')} from stage${onConflict}`,
  );
  await client.query('drop table stage');
  return { rows: rowCount ?? 0, tooOld };
}

// A folder is untrusted: it may contain only this tenant's rows, and only a tenant that is a customer.
async function checkStage(client: Client, { name, rows }: Table, tenantId: string): Promise<void> {
  const column = name === 'tenants' ? 'id' : 'tenant_id';
  const { rows: counted } = await client.query<{ all: number; foreign: number }>(
    `select count(*) as all, count(*) filter (where ${column} is distinct from $1::uuid) as foreign from stage`,
    [tenantId],
  );
  const { all, foreign } = counted[0] as { all: number; foreign: number };
  if (all !== rows) throw new Error(`${name} has ${all} rows, but its manifest says ${rows}.`);
  if (foreign > 0) throw new Error(`${name} has ${foreign} rows of another tenant.`);
  if (name !== 'tenants') return;
  const kinds = await client.query<{ kind: string }>(
    "select kind from stage where kind <> 'customer' or offboarding_at is not null",
  );
  if (all !== 1 || kinds.rows[0]) throw new Error('Only a customer that is not being removed can be imported.');
}

// A row of the archive without its file would stop every later cleanup of the store, and a file without its row would be removed
// by it.
async function checkObjects(client: Client, objects: string[]): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select coalesce(s.name, o.name) as name from stage s full join unnest($1::text[]) o (name) on o.name = s.name
     where s.name is null or o.name is null limit 1`,
    [objects],
  );
  if (rows[0])
    throw new Error(`The archived file ${rows[0].name} is missing either in the rows or in the objects of the folder.`);
}

type Target = {
  relation: string;
  /** The time column if the table is split by time, `bucket` for a roll-up, else null. */
  time: string | null;
  partitioned: boolean;
  since: string;
  until: string;
};

async function targetOf(client: Client, { name, kind }: Table): Promise<Target> {
  const { rows } =
    kind === 'roll-up'
      ? // From `materialised_to` on, readers get the buckets from the raw events, which come too.
        await client.query<Target>(
          `select storage.rollup_rows(name)::text as relation, 'bucket' as time, false as partitioned, retained_from::text as since,
             materialised_to::text as until from storage.rollups where name = $1`,
          [name],
        )
      : await client.query<Target>(
          `select r.relation::text as relation, h.time_column as time, h.name is not null as partitioned,
             coalesce(h.retained_from, '-infinity')::text as since, 'infinity' as until
           from (select to_regclass(format('private.%I', $1::text)) as relation) r left join storage.hypertables h on h.name = $1
           where r.relation is not null`,
          [name],
        );
  if (!rows[0]) throw new Error(`The ${kind} ${name} does not exist in this database.`);
  return rows[0];
}

// Makes roll-ups read the inserted rows, and locks new chunks at once instead of with the next hourly upkeep.
async function adopt(client: Client, tables: Table[]): Promise<void> {
  await client.query('set local role mirante_owner');
  for (const { name, kind } of tables)
    if (kind === 'roll-up') await client.query('select storage.adopt_rollup_rows($1)', [name]);
  await makePartitions(client, 0);
  await client.query('reset role');
}

// Rows that this platform's retention has already dropped are not imported: nothing would ever drop them again.
async function shorten(client: Client, { time, since, until }: Target): Promise<number> {
  if (!time) return 0;
  const old = await client.query(`delete from stage where ${time} < $1::timestamptz`, [since]);
  await client.query(`delete from stage where ${time} >= $1::timestamptz`, [until]);
  return old.rowCount ?? 0;
}

async function makeRoom(client: Client, name: string, time: string): Promise<void> {
  const { rows } = await client.query<{ first: string | null; last: string | null }>(
    `select min(${time})::text as first, (max(${time}) + interval '1 microsecond')::text as last from stage`,
  );
  if (!rows[0]?.first) return;
  await client.query('set local role mirante_owner');
  await client.query('select storage.make_partitions($1, $2, $3)', [name, rows[0].first, rows[0].last]);
  await client.query('reset role');
}

async function repeatEntries(client: Client, ledger: LedgerEntry[], tenantId: string): Promise<Adopted[]> {
  const repeated: Adopted[] = [];
  await client.query('set local role mirante_owner');
  for (const entry of ledger) repeated.push({ entry, repeated: await repeatEntry(client, entry, []) });
  await noteImport(client, tenantId);
  await client.query('reset role');
  return repeated;
}

// Last before the commit, because it locks the audit log until then.
async function note(
  client: Client,
  folder: string,
  { made_at, tenant: { slug } }: TenantManifest,
  tenant: TenantManifest['tenant'],
): Promise<void> {
  const sha256 = createHash('sha256')
    .update(await readFile(join(folder, MANIFEST)))
    .digest('hex');
  await client.query("select private.append_audit($1::uuid, 'tenant.imported', $1::uuid::text, $2)", [
    tenant.id,
    JSON.stringify({ made_at, slug, manifest_sha256: sha256 }),
  ]);
}

const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;
