import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, inject, test } from 'vitest';
import { backup } from '../cli/commands/backup.ts';
import { switchColumnstore } from '../cli/commands/columnstore.ts';
import { restore } from '../cli/commands/restore.ts';
import { dumpDatabase } from '../sql/backup/dump.ts';
import { findProgram } from '../sql/backup/postgres-programs.ts';
import { migrate } from '../sql/database/migrate.ts';
import { hasColumnstore } from '../sql/storage/engine.ts';
import { answersOf, fillEverything, leaveExports, leftExports, pictureOf } from './support/everything.ts';
import { need, openDatabase, type TestTenant, testSecret } from './support/harness.ts';
import { clientFolder, restorer, usePlace } from './support/places.ts';

const there = need('pg-dump');

const folder = mkdtempSync(join(tmpdir(), 'mirante-backup-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const settings = (url: string) => ({
  DATABASE_URL: url,
  MIRANTE_SECRET: testSecret,
  MIRANTE_DATA_DIR: join(folder, 'data'),
  PG_BIN_DIR: clientFolder(there as string),
  BACKUP_DATABASE_URL: undefined,
  OBJECT_STORE_URL: undefined,
});

test.runIf(there)('a dump restored on a server without our roles has every row, roll-up and answer', async () => {
  const source = await usePlace(there as string);
  await migrate(source.url, testSecret);
  const db = openDatabase(source.url, inject('engine'));
  const tenants = await fillEverything(db, join(folder, 'data'));
  // With a columnstore, some of the events are compressed.
  if (hasColumnstore(db.engine))
    await switchColumnstore(['on', '--after', '3d'], { DATABASE_URL: source.url }, () => undefined);
  const answers = await answersOf(db, join(folder, 'data'), tenants);
  await leaveExports(db, tenants[0] as TestTenant);
  await db.owner.query(
    `insert into private.incidents (id, title, description, data_categories, tenant_ids, is_risk, known_at, notify_by)
     select gen_random_uuid(), 'lost laptop', 'x', '{contact}', '{}', false, now(), now()`,
  );
  const before = await pictureOf(db, /export_jobs/);
  await db.end();
  expect(answers).toContainEqual([
    200,
    expect.stringContaining('latency'),
    [expect.objectContaining({ value: expect.any(Number) })],
  ]);
  const target = join(folder, 'first');
  expect(await backup(['--to', target], settings(source.url))).toContain('MIRANTE_SECRET is not in the backup');
  await expect(backup(['--to', target], settings(source.url))).rejects.toThrow('already exists and is not overwritten');
  await source.destroy();
  rmSync(join(folder, 'data'), { recursive: true });

  const other = await usePlace(there as string);
  const said = await restore([target, '--into', restorer(other.url), '--without-ledger'], settings(other.url));
  expect(said).toContain('every row counted');
  const restored = openDatabase(other.url, inject('engine'));
  expect(await leftExports(restored)).toEqual(['expired', 'failed']);
  const after = await pictureOf(restored, /export_jobs/);
  expect(Object.keys(after)).toEqual(Object.keys(before));
  expect(after).toEqual(before);
  const empty = Object.entries(before).filter(([name, text]) => name.startsWith('private.') && text.startsWith('0 rows'));
  expect(empty.length, empty.join()).toBeLessThan(8);
  expect(await answersOf(restored, join(folder, 'data'), tenants)).toEqual(answers);
  await restored.end();
  await expect(restore([target, '--into', restorer(other.url), '--without-ledger'], settings(other.url))).rejects.toThrow(
    'already contains Mirante',
  );
  await migrate(other.url, testSecret);
});

test.runIf(there)('a damaged backup, or one by a login that cannot read all rows, is refused', async () => {
  const source = await usePlace(there as string);
  await migrate(source.url, testSecret);
  const target = join(folder, 'second');
  const blind = dumpDatabase({
    databaseUrl: openDatabase(source.url, inject('engine')).urls.ops,
    folder: target,
    secret: testSecret,
    programs: { folder: clientFolder(there as string), path: undefined },
    environment: {},
    objects: async () => ({ included: false, note: '' }),
  });
  await expect(blind).rejects.toThrow('cannot read every row');
  expect(readdirSync(folder).filter((name) => name.includes('second'))).toEqual([]);
  await backup(['--to', target], settings(source.url));
  const file = readdirSync(join(target, 'dump')).find((name) => name.endsWith('.gz')) as string;
  const whole = readFileSync(join(target, 'dump', file));
  writeFileSync(join(target, 'dump', file), whole.subarray(0, -1));
  await expect(restore([target, '--into', source.url, '--without-ledger'], settings(source.url))).rejects.toThrow(
    `dump/${file}`,
  );
  expect(existsSync(join(target, 'manifest.json'))).toBe(true);
});

test('if no client program of the server’s version is found, the message names the package', async () => {
  const found = findProgram('pg_dump', 99, { folder: undefined, path: '/usr/bin:/bin' });
  await expect(found).rejects.toThrow(/postgresql-client-99 .*PG_BIN_DIR/);
  await expect(findProgram('pg_restore', 99, { folder: '/nowhere', path: undefined })).rejects.toThrow('not in /nowhere');
});
