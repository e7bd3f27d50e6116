import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, copyFile, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { checkFiles } from '../../lib/checksums.ts';
import { placeOf, runningUrl, startEmbeddedPostgres } from '../../lib/embedded-postgres.ts';
import { inLanes } from '../../lib/lanes.ts';
import { createPool, withClient } from '../database/db.ts';
import { endRestoredExports } from '../exports/upkeep.ts';
import { compareRows, type Manifest, PARTS, readManifest } from './manifest.ts';
import { refuseNewer } from './restore-dump.ts';
import { countRows } from './row-counts.ts';

const LANES = 8;

type Place = Awaited<ReturnType<typeof placeOf>>;

/**
 * Restores a copy of an embedded server's files as the server of `folder`, starts it once, and compares its row counts with the
 * manifest. If the folder already has data, `replace` sets it aside under another name; without `replace` it throws. Returns that
 * name, if there was data.
 */
export async function restoreCopy(
  backup: string,
  folder: string,
  replace = false,
): Promise<{ manifest: Manifest; aside: string | undefined }> {
  const manifest = await readManifest(backup);
  if (manifest.kind !== 'copy')
    throw new Error(`${backup} is a dump. Name the database to restore into with --into or DATABASE_URL.`);
  await refuseNewer(manifest);
  const place = await placeOf(folder);
  refuseOther(place, manifest);
  if (runningUrl(folder, place.data)) throw new Error(`PostgreSQL is running on ${place.data}. Stop Mirante there first.`);
  if (existsSync(place.data) && !replace)
    throw new Error(`${place.data} already has data. Use --replace to move it aside, or another MIRANTE_DATA_DIR.`);
  await checkFiles(backup, manifest.files);
  const fresh = `${place.data}.restoring`;
  await rm(fresh, { recursive: true, force: true });
  await copyTree(join(backup, PARTS.copy), fresh, place);
  const password = join(folder, PARTS.password);
  const suffix = `.replaced-${Date.now()}`;
  const aside = existsSync(place.data) ? `${place.data}${suffix}` : undefined;
  try {
    if (aside) {
      await rename(place.data, aside);
      // Next to the password file itself, because the data may be on another disk.
      await rename(password, `${password}${suffix}`);
    }
    await copyFile(join(backup, PARTS.password), password);
    await chmod(password, 0o600);
    await rename(fresh, place.data);
    if (place.account) await chmod(dirname(place.data), 0o755);
    await prove(folder, manifest);
  } catch (error) {
    // Restores the previous data, as if nothing had been tried.
    if (!aside || existsSync(aside)) await rm(place.data, { recursive: true, force: true });
    if (aside && existsSync(aside)) await rename(aside, place.data);
    if (existsSync(`${password}${suffix}`)) await rename(`${password}${suffix}`, password);
    throw error;
  }
  return { manifest, aside };
}

function refuseOther({ programs }: Place, { major }: Manifest): void {
  const said = execFileSync(join(programs, 'postgres'), ['--version'], { encoding: 'utf8' });
  const here = Number(/ (\d+)/.exec(said)?.[1]);
  if (here !== major)
    throw new Error(
      `The backup is of PostgreSQL ${major}, and this Mirante brings ${here}: restore with the version that made it.`,
    );
}

async function copyTree(from: string, to: string, place: Place): Promise<void> {
  const own = async (path: string, mode: number) => {
    await chmod(path, mode);
    if (place.account) await chown(path, place.account.uid, place.account.gid);
  };
  const entries = await readdir(from, { recursive: true, withFileTypes: true });
  const paths = entries.map((entry) => ({
    path: relative(from, join(entry.parentPath, entry.name)),
    folder: entry.isDirectory(),
  }));
  for (const path of ['', ...paths.filter(({ folder }) => folder).map(({ path }) => path)].sort()) {
    await mkdir(join(to, path));
    await own(join(to, path), 0o700);
  }
  await inLanes(
    paths.filter(({ folder }) => !folder),
    LANES,
    async ({ path }) => {
      await copyFile(join(from, path), join(to, path));
      await own(join(to, path), 0o600);
      const file = await open(join(to, path));
      await file.datasync().finally(() => file.close());
    },
  );
}

// The first start replays the WAL; only then is it a complete server.
async function prove(folder: string, manifest: Manifest): Promise<void> {
  const server = await startEmbeddedPostgres(folder);
  const pool = createPool(server.url, { max: 1, name: 'mirante restore', statementTimeoutMs: 86_400_000 });
  try {
    compareRows(manifest, await withClient(pool, countRows));
    await withClient(pool, endRestoredExports);
  } finally {
    await pool.end();
    await server.stop();
  }
}
