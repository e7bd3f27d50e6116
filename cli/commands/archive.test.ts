import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { runRetention } from '../../jobs/archive/run-retention.ts';
import { readConfig } from '../../lib/config.ts';
import { listArchiveFiles } from '../../sql/archive/files.ts';
import { useArchive } from '../../test/support/archive-home.ts';
import { eventsOf, fillDays, RETENTION } from '../../test/support/archived-events.ts';
import { makeTenant, useDatabase } from '../../test/support/harness.ts';
import { archive as command } from './archive.ts';

async function mirante(...args: string[]): Promise<{ code: number; said: string }> {
  const said: string[] = [];
  const config = readConfig({
    DATABASE_URL: db.url,
    MIRANTE_DATA_DIR: archive.folder,
    RAW_RETENTION_DAYS: '20',
    LOG_LEVEL: 'silent',
  });
  const code = await command(args, config, (line) => void said.push(line));
  return { code, said: said.join('\n') };
}

const db = await useDatabase();
const archive = await useArchive();
const tenant = await makeTenant(db);
await fillDays(db, tenant.id, { from: 60, to: 57, count: 3 });
const before: string[] = await eventsOf(db, tenant.id);

test('run archives and drops, list shows the files, restore returns equal events, and verify finds faults', async () => {
  const run = await mirante('run');
  expect(run).toMatchObject({ code: 0, said: expect.stringMatching(/Archived now: files 15, events 54, .*from 20/s) });
  expect(await eventsOf(db, tenant.id)).toEqual([]);
  expect((await mirante('list', '--tenant', tenant.slug)).said).toMatch(/Total: files 15, events 54/);
  expect(await mirante('verify')).toMatchObject({ code: 0, said: 'Files read: 15. Events: 54. Faults: 0.' });

  const restored = await mirante(
    'restore',
    '--tenant',
    tenant.slug,
    '--from',
    '2020-01-01',
    '--to',
    '2099-01-01',
    '--without-ledger',
  );
  const table = /private\.restored_\w+/.exec(restored.said)?.[0] ?? '';
  expect(await eventsOf(db, tenant.id, table)).toEqual(before);
  await expect(db.api.query(`select from ${table}`)).rejects.toThrow(/permission denied/);

  const [file, other] = await listArchiveFiles(db.owner, { tenantId: tenant.id });
  await archive.store.remove(file?.name ?? '');
  await writeFile(join(archive.folder, 'objects', other?.name ?? ''), 'x');
  await writeFile(join(archive.folder, 'objects', `${other?.name}.orphan`), 'x');
  const wrong = await mirante('verify');
  expect(wrong.code).toBe(1);
  expect(wrong.said).toContain(`${file?.name} is not in the object store.`);
  expect(wrong.said).toMatch(/has been changed since it was archived: its SHA-256 differs/);
  expect(wrong.said).toContain('.orphan is not in the manifest.');
  await expect(
    mirante('restore', '--tenant', tenant.slug, '--from', '2020-01-01', '--to', '2099-01-01', '--without-ledger'),
  ).rejects.toThrow(/SHA-256|not in/);
  // A person must decide which of the two is right.
  await expect(mirante('run')).rejects.toThrow(/1 archived files are missing/);
}, 60_000);

test('rules are set, listed and removed', async () => {
  expect(await mirante('rule', '--keep', '1825d', '--tier', 'long', '--tenant', tenant.slug)).toMatchObject({
    code: 0,
    said: 'Kept for 1825 days (long).',
  });
  const { said } = await mirante('rules');
  expect(said).toMatch(/every customer, every type: 730 days \(standard\)\n.*every type: 1825 days \(long\)$/);
  expect((await mirante('rule', '--remove', said.split('\n')[1]?.split(' ')[0] ?? '')).said).toBe('Removed.');
  await expect(mirante('rule', '--remove', said.split(' ')[0] ?? '')).rejects.toThrow(/can only be changed/);
  for (const args of [[], ['list', 'x'], ['rule', '--keep', '9999d'], ['run', '--tenant', 'x'], ['restore', '--tenant', 'x']])
    await expect(mirante(...args)).rejects.toThrow(/Usage:/);
  await expect(mirante('list', '--tenant', 'nobody')).rejects.toThrow('There is no tenant nobody.');
});

test('restored events are dropped after a week', async () => {
  const deps = {
    pool: db.jobs,
    engine: db.engine,
    log: pino({ level: 'silent' }),
    config: RETENTION,
    archive: await useArchive(),
  };
  await db.owner.query('delete from private.archive_files');
  await db.owner.query('create table private.restored_20200101_0123abcd (like private.events)');
  const tables = async () =>
    (await db.owner.query("select from pg_tables where schemaname = 'private' and tablename ~ '^restored_'")).rowCount;
  const [count] = [await tables()];
  await runRetention({ ...deps, clock: () => new Date() });
  expect(await tables()).toBe((count ?? 0) - 1);
});
