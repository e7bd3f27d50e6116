import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createMeter, type FileSum, sumFiles } from '../../lib/checksums.ts';
import type { ObjectStore } from '../../lib/object-store.ts';
import { literal, withDuckDb } from '../../lib/parquet.ts';
import { namesOfTenant, withArchiveTurn } from '../archive/files.ts';
import { describeDatabase } from '../backup/manifest.ts';
import { makeWhole } from '../backup/whole-folder.ts';
import { CopyOut } from '../database/copy-out.ts';
import { type Client, type Pool, withTransaction } from '../database/db.ts';
import { hashOfLine, ledgerHead } from '../privacy/ledger.ts';
import { duckDbTypes, jsonSchemas, readme, schemaSql } from './descriptions.ts';
import { type TenantManifest, writeTenantManifest } from './manifest.ts';
import { HIDDEN, KEYS, LEFT, ONLY, type PortableTable, portableTables } from './tables.ts';

export type ExportTenantOptions = {
  /** Pool of the login that migrates. */
  pool: Pool;
  store: ObjectStore;
  /** Id or slug. */
  tenant: string;
  folder: string;
  parquet: boolean;
  withPseudonymKey: boolean;
};

/**
 * Writes everything about a tenant into a folder, from one snapshot. The folder gets its name only when it is complete. Throws if
 * there is no such tenant.
 */
export async function exportTenant(options: ExportTenantOptions): Promise<TenantManifest> {
  const { pool, folder, parquet } = options;
  const write = (unfinished: string) =>
    // The manifest's names come from the same snapshot as the rows, so that none is newer.
    withTransaction(pool, 'begin isolation level repeatable read read only', async (client) => {
      const described = await describe(client);
      // On plain PostgreSQL, roll-ups show all their rows to the owner only.
      await client.query('set local role mirante_owner');
      const tenant = await findTenant(client, options.tenant);
      const head = await ledgerHead(client);
      const tables: TenantManifest['tables'] = [];
      const sums: FileSum[] = [];
      await mkdir(join(unfinished, 'tables'), { mode: 0o700 });
      for (const table of await portableTables(client, options.withPseudonymKey)) {
        const { rows, sum } = await copyTable(client, table, tenant.id, unfinished);
        const { tenant_column: _, ...about } = table;
        tables.push({ ...about, file: sum.path, rows });
        sums.push(sum);
      }
      const objects = await copyArchive(client, options.store, tenant.id, join(unfinished, 'objects'));
      if (parquet) await writeParquet(tables, unfinished);
      const manifest: TenantManifest = {
        format: 'mirante tenant 1',
        made_at: described.at.toISOString(),
        ...described.versions,
        tenant,
        raw_since: described.rawSince,
        ledger: head.line === null ? null : { seq: head.seq, sha256: hashOfLine(head.line) },
        tables,
        objects,
        left: leftOf(options.withPseudonymKey),
        files: [],
      };
      await writeFile(join(unfinished, 'schema.sql'), schemaSql(tables), { mode: 0o600 });
      await writeFile(join(unfinished, 'schema.json'), jsonSchemas(tables), { mode: 0o600 });
      await writeFile(join(unfinished, 'README.md'), readme(manifest, parquet), { mode: 0o600 });
      const others = await sumFiles(
        unfinished,
        sums.map(({ path }) => path),
      );
      manifest.files = [...sums, ...others].sort((a, b) => (a.path < b.path ? -1 : 1));
      await writeTenantManifest(unfinished, manifest);
      return manifest;
    });
  // Nothing is archived in the meantime: a dropped partition disappears from every snapshot.
  return withArchiveTurn(pool, () => makeWhole(folder, write));
}

async function findTenant(client: Client, wanted: string): Promise<TenantManifest['tenant']> {
  const { rows } = await client.query<TenantManifest['tenant']>(
    'select id::text, slug, name from private.tenants where id::text = $1 or slug = $1',
    [wanted],
  );
  if (!rows[0]) throw new Error(`The tenant ${wanted} does not exist.`);
  return rows[0];
}

async function describe(client: Client) {
  const { rows } = await client.query<{ at: Date; since: string | null }>(
    "select now() as at, (select nullif(max(retained_from), '-infinity')::text from storage.hypertables where name in ('events', 'rule_hits')) as since",
  );
  const { mirante, engine, migrations } = await describeDatabase(client);
  return { at: rows[0]?.at as Date, rawSince: rows[0]?.since ?? null, versions: { mirante, engine, migrations } };
}

function leftOf(withPseudonymKey: boolean): Record<string, string> {
  const left = Object.fromEntries(Object.entries(LEFT).filter(([name]) => !withPseudonymKey || !KEYS.includes(name)));
  for (const [table, columns] of Object.entries(HIDDEN)) for (const name of columns) left[`${table}.${name}`] = 'a secret';
  return left;
}

async function copyTable(
  client: Client,
  table: PortableTable & { tenant_column: string },
  tenantId: string,
  folder: string,
): Promise<{ rows: number; sum: FileSum }> {
  const path = `tables/${table.name}.csv`;
  const names = table.columns.map(({ name }) => `"${name}"`).join(', ');
  const order = table.key.length > 0 ? ` order by ${table.key.map((name) => `"${name}"`).join(', ')}` : '';
  const only = ONLY[table.name] ? ` and ${ONLY[table.name]}` : '';
  const source = client.query(
    new CopyOut(
      `copy (select ${names} from private."${table.name}" where "${table.tenant_column}" = '${tenantId}'${only}${order}) to stdout (format csv, header)`,
    ),
  );
  const meter = createMeter();
  await pipeline(source, meter.stream, createWriteStream(join(folder, path), { mode: 0o600, flush: true }));
  return { rows: source.rowCount, sum: { path, ...meter.read() } };
}

// Archive files are copied as they are. The manifest that names them is a table like any other.
async function copyArchive(client: Client, store: ObjectStore, tenantId: string, folder: string): Promise<string[]> {
  const names = await namesOfTenant(client, tenantId);
  for (const name of names) {
    const content = await store.get(name);
    if (!content) throw new Error(`The archive file ${name} is not in the object store or has just been rewritten. Try again.`);
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await pipeline(content, createWriteStream(path, { mode: 0o600, flush: true }));
  }
  return names;
}

async function writeParquet(tables: TenantManifest['tables'], folder: string): Promise<void> {
  await mkdir(join(folder, 'parquet'), { mode: 0o700 });
  await withDuckDb(folder, async (run) => {
    await run("set timezone = 'UTC'");
    for (const table of tables) {
      const types = Object.entries(duckDbTypes(table)).map(([name, type]) => `${literal(name)}: ${literal(type)}`);
      const target = join(folder, 'parquet', `${table.name}.parquet`);
      await run(
        `copy (from read_csv(${literal(join(folder, table.file))}, columns = {${types.join(', ')}}, header = true, delim = ',', quote = '"',
           escape = '"', nullstr = '', allow_quoted_nulls = false, auto_detect = false, max_line_size = 8388608, parallel = false))
         to ${literal(target)} (format parquet, compression zstd)`,
      );
    }
  });
}
