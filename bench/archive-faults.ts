import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { verifyArchive } from '../jobs/archive/check.ts';
import { compareStore } from '../jobs/archive/sweep.ts';
import { environmentWith, readConfig } from '../lib/config.ts';
import { openObjectStore } from '../lib/open-object-store.ts';
import { listArchiveFiles } from '../sql/archive/files.ts';
import { type Group, groupsBefore } from '../sql/archive/groups.ts';
import { openArchive } from '../sql/archive/home.ts';
import { withTransaction } from '../sql/database/db.ts';
import { FOLDER, type Stage } from './stage.ts';

const KILLS = 100;

type Sum = { rows: number; digest: [bigint, bigint] };

/**
 * Kills an archive run at random moments. After each kill, count and digest of the events in the database and the archive
 * together must equal those of the stored events. Digests are sums, so a lost, doubled or changed row cannot hide.
 */
export async function benchArchiveFaults(stage: Stage, note: (sentence: string) => void) {
  const config = { ...readConfig(), MIRANTE_DATA_DIR: FOLDER };
  const archive = openArchive(config, openObjectStore(config));
  const deps = { pool: stage.owner, archive };
  await fill(stage);
  const whole = performance.now();
  await ended(startRun(stage));
  const longest = performance.now() - whole;
  let [refills, finished] = [1, 0];
  for (let kill = 0; kill < KILLS; kill++) {
    if ((await sumOf(stage)).stored === 0) {
      await fill(stage);
      refills++;
    }
    const { sum: before } = await sumOf(stage);
    const run = startRun(stage);
    const done = ended(run);
    await Promise.race([done, new Promise((wait) => setTimeout(wait, (0.2 + 0.8 * Math.random()) * longest))]);
    if (run.exitCode !== null) finished++;
    run.kill('SIGKILL');
    await done;
    const { sum: after } = await sumOf(stage);
    if (!equal(before, after)) throw new Error(`After kill ${kill + 1} something else is there than before.`);
    if (kill % 10 === 9) note(`${kill + 1} kills`);
  }
  await ended(startRun(stage));
  const { faults, files, rows } = await verifyArchive(deps);
  const { orphans, missing } = await compareStore(deps);
  archive.store.close();
  return {
    kills: KILLS,
    that_came_too_late: finished,
    refills,
    files,
    events: rows,
    lost_or_doubled: 0,
    faults_found_by_verify: faults.length,
    first_fault: faults[0] ?? 'none',
    orphans: orphans.length,
    missing,
  };
}

function startRun({ databaseUrl }: Stage): ChildProcess {
  const env = environmentWith({
    DATABASE_URL: databaseUrl,
    MIRANTE_DATA_DIR: FOLDER,
    RAW_RETENTION_DAYS: '20',
    LOG_LEVEL: 'silent',
  });
  return spawn(process.execPath, ['cli/mirante.js', 'archive', 'run'], { env, stdio: 'ignore' });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

async function fill({ owner, tenants }: Stage): Promise<void> {
  await owner.query("update storage.hypertables set retained_from = '-infinity'");
  await owner.query("select storage.make_partitions('events', now() - interval '90 days', now())");
  await owner.query(
    `insert into private.events (tenant_id, time, id, received_at, type, source, duration_ms, bytes, data)
     select ($1::uuid[])[1 + n % cardinality($1::uuid[])], now() - interval '57 days' - n * interval '2 minutes', gen_random_uuid(), now(),
         'bench.' || n % 3 || '.v1', 'bench', random() * 1000, 100, jsonb_build_object('n', n, 'text', md5(n::text))
     from generate_series(1, 3000) n`,
    [tenants.map(({ id }) => id)],
  );
}

async function sumOf({ owner, tenants }: Stage): Promise<{ sum: Sum; stored: number }> {
  // Reads the manifest first: from then on nothing moves until the transaction ends.
  return withTransaction(owner, 'begin', async (client) => {
    const groups: Group[] = await listArchiveFiles(client, { status: 'live' });
    const now = new Date();
    let stored = 0;
    for (const { id } of tenants) {
      const found = await groupsBefore(client, id, new Date(now.getTime() - 40 * 86_400_000), now);
      stored += found.reduce((rows, group) => rows + group.rows, 0);
      groups.push(...found);
    }
    const sum: Sum = { rows: 0, digest: [0n, 0n] };
    for (const { rows, digest } of groups) {
      const [first = 0n, second = 0n] = digest.split(' ').map(BigInt);
      sum.rows += rows;
      sum.digest = [sum.digest[0] + first, sum.digest[1] + second];
    }
    return { sum, stored };
  });
}

const equal = (one: Sum, other: Sum) =>
  one.rows === other.rows && one.digest[0] === other.digest[0] && one.digest[1] === other.digest[1];
