import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FileSum, sumFiles } from '../../lib/checksums.ts';
import { inLanes } from '../../lib/lanes.ts';
import { type Client, createPool, withClient } from '../database/db.ts';
import { refuseMissing, withArchiveAtRest } from './archive-at-rest.ts';
import type { DumpOptions } from './dump.ts';
import { describeDatabase, fingerprint, type Manifest, PARTS, writeManifest } from './manifest.ts';
import { countRows, type RowCounts } from './row-counts.ts';
import { makeWhole } from './whole-folder.ts';

export type CopyOptions = Pick<DumpOptions, 'folder' | 'secret' | 'objects' | 'signal'> & {
  /** URL of the running server's superuser. */
  databaseUrl: string;
  /** Folder of the server's own files. */
  data: string;
  /** File with the superuser's password. Without it nobody could log in to the restored server. */
  passwordFile: string;
};

// What the server recreates at its start (PostgreSQL's manual, "Backing Up the Data Directory"): folders that must exist and be
// empty …
const EMPTY = ['pg_dynshmem', 'pg_notify', 'pg_replslot', 'pg_serial', 'pg_snapshots', 'pg_stat_tmp', 'pg_subtrans', 'pg_wal'];
// … and files of the running server. `pg_wal` is copied last, and only what the copy needs.
const LEFT = /^(postmaster\.(pid|opts)|pgsql_tmp.*|pg_internal\.init.*|backup_label(\.old)?|tablespace_map(\.old)?)$/;

// Rows of these tables come and go, so counts before and after say nothing about the moment between.
const PASSING = /^(bullmq\.|limits\.|private\.(dirty_hours|idempotency_keys|alert_deliveries)$)/;

// Pages of tables and indexes, not their maps.
const PAGES = /^(base\/\d+|global)\/\d+(\.\d+)?$/;

/** Several files are synced to disk in about the time of one. */
const LANES = 8;

const STATEMENT_LIMIT_MS = 86_400_000;

/**
 * Copies a running server's own files with PostgreSQL's low-level backup API, and the WAL that makes them consistent. The server
 * keeps working, and the copy contains everything committed before the copy ended. For servers without client programs.
 */
export async function copyServer(options: CopyOptions): Promise<Manifest> {
  const pool = createPool(options.databaseUrl, { max: 2, name: 'mirante backup', statementTimeoutMs: STATEMENT_LIMIT_MS });
  try {
    return await makeWhole(options.folder, (unfinished) =>
      // Otherwise files that an erasure or a run of the archive rewrites between the two copies would be in neither.
      withArchiveAtRest(pool, () => withClient(pool, (client) => copy(client, options, unfinished))),
    );
  } finally {
    await pool.end();
  }
}

async function copy(client: Client, options: CopyOptions, unfinished: string): Promise<Manifest> {
  const madeAt = new Date();
  const described = await describeDatabase(client);
  await refuseTablespaces(options.data);
  const before = await countRows(client);
  const copied = await copyData(client, options, join(unfinished, PARTS.copy));
  const after = await countRows(client);
  await writeFile(join(unfinished, PARTS.password), await readFile(options.passwordFile), { mode: 0o600, flush: true });
  const objects = await options.objects(join(unfinished, PARTS.objects));
  await refuseMissing(client, join(unfinished, PARTS.objects), objects);
  const others = await sumFiles(
    unfinished,
    copied.files.map(({ path }) => path),
  );
  const manifest: Manifest = {
    format: 'mirante backup 1',
    kind: 'copy',
    made_at: madeAt.toISOString(),
    complete_to: copied.at.toISOString(),
    ...described,
    secret: options.secret === undefined ? null : fingerprint(options.secret),
    rows: bounds(before, after),
    objects,
    files: [...copied.files, ...others].sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
  await writeManifest(unfinished, manifest);
  return manifest;
}

function bounds(before: RowCounts, after: RowCounts): Manifest['rows'] {
  const names = Object.keys(before).filter((name) => name in after && !PASSING.test(name));
  return Object.fromEntries(
    names.map((name) => {
      const [a, b] = [before[name] as number, after[name] as number];
      return [name, [Math.min(a, b), Math.max(a, b)]];
    }),
  );
}

async function copyData(
  client: Client,
  { data, signal }: CopyOptions,
  target: string,
): Promise<{ files: FileSum[]; at: Date }> {
  // A temporary slot keeps the WAL from now on. It disappears with this session, however that ends.
  await client.query("select pg_create_physical_replication_slot('mirante_backup_' || pg_backend_pid(), true, true)");
  const { rows: begun } = await client.query<{ segment: string }>(
    "select pg_walfile_name(pg_backup_start('mirante backup', true)) as segment",
  );
  const { rows: sums } = await client.query<{ on: string }>("select current_setting('data_checksums') as on");
  const files: FileSum[] = [];
  const add = async (path: string) => {
    signal?.throwIfAborted();
    // A page's checksum covers its free space too.
    const blanks = sums[0]?.on === 'off' && PAGES.test(path);
    const file = await copyFile(join(data, path), join(target, path), `${PARTS.copy}/${path}`, blanks);
    if (file) files.push(file);
  };
  await inLanes(await copyFolders(data, target), LANES, add);
  // pg_control says which WAL is newer than the copy, so it is copied after everything else.
  await add('global/pg_control');
  const { rows: ended } = await client.query<{ label: string; spaces: string; first: string; last: string; at: Date }>(
    `select labelfile as label, spcmapfile as spaces, pg_walfile_name(lsn) as last, clock_timestamp() as at
     from pg_backup_stop(wait_for_archive => false)`,
  );
  const { label, last, at } = ended[0] as { label: string; last: string; at: Date };
  const first = begun[0]?.segment as string;
  const { rows: size } = await client.query<{ bytes: number }>(
    "select setting::double precision as bytes from pg_settings where name = 'wal_segment_size'",
  );
  const segments = (await readdir(join(data, 'pg_wal'))).filter(
    (name) => /^[0-9A-F]{24}$/.test(name) && name >= first && name <= last,
  );
  const expected = numberOf(last, size[0]?.bytes ?? 0) - numberOf(first, size[0]?.bytes ?? 0) + 1;
  if (segments.length !== expected)
    throw new Error(`Some WAL files from ${first} to ${last} are missing: ${segments.length} of ${expected} found.`);
  for (const name of segments.sort()) await add(`pg_wal/${name}`);
  await writeFile(join(target, 'backup_label'), label, { mode: 0o600, flush: true });
  return { files, at };
}

// A name is timeline, 4 GiB unit, and segment within it: 8 hexadecimal digits each.
function numberOf(segment: string, bytes: number): number {
  const [, high, low] = /^.{8}(.{8})(.{8})$/.exec(segment) as unknown as [string, string, string];
  return Number.parseInt(high, 16) * (2 ** 32 / bytes) + Number.parseInt(low, 16);
}

// Creates the folders and returns the files to copy into them.
async function copyFolders(data: string, target: string, below = ''): Promise<string[]> {
  await mkdir(join(target, below), { recursive: true, mode: 0o700 });
  // A database may be dropped after its folder was listed.
  const entries = await readdir(join(data, below), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return [];
  });
  const files: string[] = [];
  for (const entry of entries) {
    const path = below ? `${below}/${entry.name}` : entry.name;
    if (LEFT.test(entry.name) || path === 'global/pg_control') continue;
    if (!entry.isDirectory()) files.push(path);
    else if (EMPTY.includes(path)) await mkdir(join(target, path), { recursive: true, mode: 0o700 });
    else files.push(...(await copyFolders(data, target, path)));
  }
  return files;
}

/**
 * Copies and hashes a file in one pass. Undefined if it is gone; then replaying the WAL handles that too. `blanks`: without the
 * bytes of deleted rows in the free space of its pages.
 */
async function copyFile(from: string, to: string, path: string, blanks = false): Promise<FileSum | undefined> {
  const source = await open(from).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  if (!source) return undefined;
  const target = await open(to, 'wx', 0o600);
  try {
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(1 << 18);
    let bytes = 0;
    for (;;) {
      const { bytesRead } = await source.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) break;
      if (blanks) for (let at = 0; at + PAGE <= bytesRead; at += PAGE) blankFreeSpace(buffer.subarray(at, at + PAGE));
      hash.update(buffer.subarray(0, bytesRead));
      for (let at = 0; at < bytesRead; ) at += (await target.write(buffer, at, bytesRead - at)).bytesWritten;
      bytes += bytesRead;
    }
    await target.datasync();
    return { path, bytes, sha256: hash.digest('hex') };
  } finally {
    await source.close();
    await target.close();
  }
}

const PAGE = 8192;
const HEADER = 24;

// PostgreSQL's page header: the free space is between pd_lower and pd_upper, and nothing ever reads it. A page that was torn by a
// write during the copy is replaced from the WAL.
function blankFreeSpace(page: Buffer): void {
  const [lower, upper, special, version] = [12, 14, 16, 18].map((at) => page.readUInt16LE(at)) as [
    number,
    number,
    number,
    number,
  ];
  const isPage = version === (PAGE | 4) && lower >= HEADER && lower <= upper && upper <= special && special <= PAGE;
  if (isPage) page.fill(0, lower, upper);
}

async function refuseTablespaces(data: string): Promise<void> {
  const spaces = await readdir(join(data, 'pg_tblspc'));
  if (spaces.length > 0)
    throw new Error('The server has tablespaces outside its folder, which cannot be copied. Make a dump instead.');
}
