import { hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readInput } from '../../lib/input-faults.ts';
import type { Client } from '../database/db.ts';
import { detectEngine } from '../storage/engine.ts';

/** Paths within a backup. */
export const PARTS = {
  manifest: 'manifest.json',
  dump: 'dump',
  copy: 'postgres',
  password: 'database-password',
  objects: 'objects',
};

const manifest = z.object({
  format: z.literal('mirante backup 1'),
  /** What pg_dump wrote, or a copy of the server's own files. */
  kind: z.enum(['dump', 'copy']),
  made_at: z.string(),
  /** Everything committed by then is included. */
  complete_to: z.string(),
  mirante: z.string(),
  postgresql: z.string(),
  major: z.number(),
  engine: z.enum(['postgresql', 'timescaledb-apache', 'timescaledb']),
  timescaledb: z.string().nullable(),
  database: z.string(),
  /** Names of the applied migrations. */
  migrations: z.array(z.string()),
  /** Distinguishes secrets without revealing one. */
  secret: z.string().nullable(),
  /** Minimum and maximum rows of each table. Both are the same if they were counted in the backup's own snapshot. */
  rows: z.record(z.string(), z.tuple([z.number(), z.number()])),
  /** The objects: archived events and everything else in the object store, or why they are not included. */
  objects: z.object({ included: z.boolean(), note: z.string() }),
  files: z.array(z.object({ path: z.string(), bytes: z.number(), sha256: z.string() })),
});
export type Manifest = z.infer<typeof manifest>;

/** What a manifest says about the database itself. */
export type DescribedBackup = Pick<
  Manifest,
  'mirante' | 'postgresql' | 'major' | 'engine' | 'timescaledb' | 'database' | 'migrations'
>;

/** Describes the database of this connection. */
export async function describeDatabase(client: Client): Promise<DescribedBackup> {
  const { rows } = await client.query<Omit<DescribedBackup, 'engine' | 'mirante' | 'migrations'>>(
    `select current_setting('server_version') as postgresql, current_setting('server_version_num')::int / 10000 as major,
       (select extversion from pg_extension where extname = 'timescaledb') as timescaledb, current_database()::text as database`,
  );
  const applied = await client.query<{ name: string }>('select name from migrations.applied where not obsolete order by index');
  return {
    ...(rows[0] as Omit<DescribedBackup, 'engine' | 'mirante' | 'migrations'>),
    engine: await detectEngine(client),
    mirante: miranteVersion(),
    migrations: applied.rows.map(({ name }) => name),
  };
}

/** The version of this program. */
export function miranteVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  return version;
}

/** Identifies a secret. The secret has 256 random bits, so it cannot be recovered from this. */
export const fingerprint = (secret: string) =>
  Buffer.from(hkdfSync('sha256', secret, '', 'mirante backup fingerprint', 8)).toString('hex');

export async function writeManifest(folder: string, value: Manifest): Promise<void> {
  await writeFile(join(folder, PARTS.manifest), `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flush: true });
}

/** Reads the manifest of a backup. Throws if the folder has none, or one of another format. */
export async function readManifest(folder: string): Promise<Manifest> {
  const text = await readFile(join(folder, PARTS.manifest), 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${folder} is not a backup: its ${PARTS.manifest} cannot be read (${error.code}).`);
  });
  const read = readInput(manifest, JSON.parse(text), { whole: 'The manifest' });
  if (read.faults) throw new Error(`This version of Mirante cannot read the backup ${folder}: ${read.faults[0]?.detail}`);
  return read.data;
}

/** Throws an error that names the first table whose counted rows differ from the manifest. */
export function compareRows({ rows }: Pick<Manifest, 'rows'>, counted: Record<string, number>): void {
  for (const [table, [least, most]] of Object.entries(rows)) {
    const found = counted[table];
    if (found !== undefined && found >= least && found <= most) continue;
    const expected = least === most ? `${least}` : `${least} to ${most}`;
    throw new Error(`${table} has ${found ?? 'no'} rows, but the backup has ${expected}.`);
  }
}
