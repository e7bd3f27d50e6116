import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readInput } from '../../lib/input-faults.ts';
import { prefixOfTenant } from '../archive/home.ts';

export const MANIFEST = 'manifest.json';

// Names become part of statements and paths.
const name = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/);
const path = z
  .string()
  .refine((text) => !text.split('/').includes('..') && !text.startsWith('/'), 'must be a path inside the folder');

const column = z.object({ name, type: z.string(), nullable: z.boolean(), description: z.string().nullable() });

const manifest = z.object({
  format: z.literal('mirante tenant 1'),
  made_at: z.string(),
  mirante: z.string(),
  engine: z.string(),
  /** Names of the migrations that define the columns. */
  migrations: z.array(z.string()),
  tenant: z.object({ id: z.uuid(), slug: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/), name: z.string() }),
  /** Since when the folder has every raw event behind its metrics. Null: since the first. */
  raw_since: z.string().nullable(),
  /** The last entry of the erasure ledger then: what comes after it is repeated by an import. Null: unknown. */
  ledger: z.object({ seq: z.number(), sha256: z.string() }).nullable().default(null),
  /** In dependency order: each table after those that it refers to. */
  tables: z.array(
    z.object({
      name,
      kind: z.enum(['table', 'roll-up']),
      description: z.string().nullable(),
      columns: z.array(column),
      key: z.array(name),
      file: path,
      rows: z.number(),
    }),
  ),
  /** Objects of the archive, by their names in the object store. */
  objects: z.array(path),
  left: z.record(z.string(), z.string()),
  files: z.array(z.object({ path, bytes: z.number(), sha256: z.string() })),
});
export type TenantManifest = z.infer<typeof manifest>;

export async function writeTenantManifest(folder: string, value: TenantManifest): Promise<void> {
  await writeFile(join(folder, MANIFEST), `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flush: true });
}

/**
 * Reads the manifest of a tenant's folder. Throws if there is none, or if it refers to anything outside the folder or the tenant.
 */
export async function readTenantManifest(folder: string): Promise<TenantManifest> {
  const text = await readFile(join(folder, MANIFEST), 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${folder} is not a tenant's folder: its ${MANIFEST} cannot be read (${error.code}).`);
  });
  const read = readInput(manifest, JSON.parse(text), { whole: 'The manifest' });
  if (read.faults) {
    throw new Error(`This version of Mirante cannot read the tenant's folder ${folder}: ${read.faults[0]?.detail}`);
  }
  const { tenant, tables, objects, files } = read.data;
  const proved = new Set(files.map(({ path }) => path));
  const unproved = [...tables.map(({ file }) => file), ...objects.map((name) => `objects/${name}`)].find(
    (path) => !proved.has(path),
  );
  if (unproved) throw new Error(`${unproved} has no SHA-256 in the ${MANIFEST} of ${folder}.`);
  const stray = objects.find((name) => !name.startsWith(prefixOfTenant(tenant.id)));
  if (stray) throw new Error(`${stray} is not a file of this tenant.`);
  return read.data;
}
