import { execFile } from 'node:child_process';
import { createReadStream, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { from as copyFrom } from 'pg-copy-streams';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exportAll, importAll } from '../cli/commands/portable.ts';
import { refreshRollups } from '../jobs/metrics/refresh-rollups.ts';
import { environmentWith } from '../lib/config.ts';
import { withDuckDb } from '../lib/parquet.ts';
import { makeRestored, protectRestored } from '../sql/archive/restored.ts';
import { withTenant } from '../sql/database/db.ts';
import { saveSettings } from '../sql/objectives/objectives.ts';
import { readTenantManifest, type TenantManifest } from '../sql/portable/manifest.ts';
import { KEYS, LEFT, ONLY } from '../sql/portable/tables.ts';
import { createKey } from '../sql/tenants/tenants.ts';
import { answersOf, fillEverything } from './support/everything.ts';
import { makeTenant, type TestDatabase, type TestTenant, testSecret, useDatabase } from './support/harness.ts';

let acme: TestTenant;
let others: TestTenant[];
let first: string;

const settings = (db: TestDatabase, name: string) => ({
  DATABASE_URL: db.url,
  MIRANTE_DATA_DIR: join(folder, name),
  OBJECT_STORE_URL: undefined,
  RAW_RETENTION_DAYS: 90,
});

const folder = mkdtempSync(join(tmpdir(), 'mirante-portable-'));
const here = await useDatabase();
const there = await useDatabase();

beforeAll(async () => {
  // On a new Mirante, one tenant has sent nothing.
  await makeTenant(there, { slug: 'demo' });
  [acme, ...others] = (await fillEverything(here, join(folder, 'here'))) as [TestTenant, ...TestTenant[]];
  // Files of an unfinished archive run: the export must not include their objects.
  for (const status of ['proved', 'condemned'])
    await here.owner.query(
      `insert into private.archive_files select (jsonb_populate_record(f, jsonb_build_object('id', gen_random_uuid(), 'status', $1::text,
         'name', f.name || $1))).* from private.archive_files f where tenant_id = $2 limit 1`,
      [status, acme.id],
    );
  // Events restored from the archive for inspection are not exported.
  const client = await here.owner.connect();
  const name = await makeRestored(client, new Date());
  await client.query(`insert into private.${name} select * from private.events`);
  await protectRestored(client, name);
  client.release();
  first = join(folder, 'acme');
  const args = ['--tenant', 'acme', '--to', first, '--parquet', '--with-pseudonym-key'];
  await exportAll(args, settings(here, 'here'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
});

const textOf = (path: string) => readFileSync(path, 'utf8');

test('an export folder has every row of its tenant, and none of others', async () => {
  const { tables } = await readTenantManifest(first);
  const { rows } = await here.owner.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
     where c.relnamespace = 'private'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
       and c.oid not in (select storage.rollup_rows(name) from storage.rollups) and c.relname !~ '^restored_'
     union select name from storage.rollups`,
  );
  const expected = rows.map(({ name }) => name).filter((name) => KEYS.includes(name) || !Object.hasOwn(LEFT, name));
  expect(tables.map(({ name }) => name).sort()).toEqual([...expected, 'tenants'].sort());
  for (const { name, rows } of tables) {
    const column = name === 'tenants' ? 'id' : 'tenant_id';
    const counted = await here.owner.query<{ n: number }>(
      `select count(*) as n from private.${name} where ${column} = $1 and ${ONLY[name] ?? true}`,
      [acme.id],
    );
    expect([name, rows]).toEqual([name, counted.rows[0]?.n]);
  }
  expect(tables.filter(({ rows }) => rows === 0).map(({ name }) => name)).toEqual([]);
  const strangers = others.flatMap(({ id, slug }) => [id, id.replaceAll('-', ''), `${slug}-shop`, `${slug}.other`]);
  const files = readdirSync(first, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(csv|json|sql|md)$/.test(name));
  for (const file of files) {
    const text = textOf(join(first, file));
    expect(
      strangers.filter((word) => text.includes(word)),
      file,
    ).toEqual([]);
  }
});

test('no secret is exported: no hash of a key, and no key of pseudonyms unless requested', async () => {
  const plain = join(folder, 'plain');
  expect(await exportAll(['--tenant', acme.id, '--to', plain], settings(here, 'here'))).toContain('--with-pseudonym-key');
  const { tables, left } = await readTenantManifest(plain);
  const columns = tables.flatMap(({ name, columns }) => columns.map((column) => `${name}.${column.name}`));
  // Digests of requests, pseudonyms and the hash chain of the log open nothing.
  const harmless = [
    'audit_log.hash',
    'alert_endpoints.secret_version',
    'alert_endpoints.old_secret_until',
    'withdrawn_subjects.subject_hash',
  ];
  const suspects = columns.filter((name) => /hash|secret|key$|password|verifier/.test(name) && !harmless.includes(name));
  // Hashes of people, under keys that are not exported with them.
  expect(suspects).toEqual(['privacy_requests.person_hash', 'privacy_requests.lasting_hash', 'privacy_reviews.person_hash']);
  expect(Object.keys(left)).toEqual(expect.arrayContaining(['pseudonym_keys', 'api_keys.hash']));
  const { rows } = await here.owner.query<{ key: string }>("select encode(key, 'hex') as key from private.pseudonym_keys");
  const everything = readdirSync(join(plain, 'tables'))
    .map((name) => textOf(join(plain, 'tables', name)))
    .join();
  expect(rows.filter(({ key }) => everything.includes(key))).toEqual([]);
  await expect(exportAll(['--tenant', 'acme', '--to', plain], settings(here, 'here'))).rejects.toThrow(
    'already exists and is not overwritten',
  );
  await expect(exportAll(['--tenant', 'nobody', '--to', join(folder, 'x')], settings(here, 'here'))).rejects.toThrow(
    'The tenant nobody does not exist',
  );
});

test('the program exits with 0, or with 1 or 2 if it fails', async () => {
  const env = environmentWith({ ...settings(here, 'here'), RAW_RETENTION_DAYS: '90', MIRANTE_SECRET: testSecret });
  const mirante = (...args: string[]) =>
    promisify(execFile)(process.execPath, ['--import', 'tsx', 'cli/mirante.ts', ...args], { env, timeout: 60_000 });
  const { stdout } = await mirante('export-all', '--tenant', 'third', '--to', join(folder, 'third'));
  expect(stdout).toContain('Exported third');
  await expect(mirante('import-all', join(folder, 'third'))).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('already exists'),
  });
  await expect(mirante('import-all')).rejects.toMatchObject({ code: 2 });
});

// Data that the import changes, and why: see CHANGED and RECORDS.
const DIFFERS = ['api_keys', 'audit_log'];

test('another Mirante imports it, has the same rows and roll-ups, and returns the same answers', async () => {
  // A clean-up of the store that began earlier would delete files that no row names yet: the import waits for it.
  const turn = await there.owner.connect();
  await turn.query('begin; lock table storage.archive_turn in exclusive mode');
  const importing = importAll([first, '--without-ledger'], settings(there, 'there'));
  const waiting = () =>
    there.migrator.query("select from pg_locks where not granted and relation = 'storage.archive_turn'::regclass");
  await expect.poll(async () => (await waiting()).rowCount, { timeout: 20_000 }).toBe(1);
  expect(existsSync(join(folder, 'there', 'objects', 'archive'))).toBe(false);
  await turn.query('commit');
  turn.release();
  expect(await importing).toContain('Imported acme');
  const second = join(folder, 'again');
  await exportAll(['--tenant', 'acme', '--to', second, '--with-pseudonym-key'], settings(there, 'there'));
  const [before, after] = [await readTenantManifest(first), await readTenantManifest(second)];
  const rowsOf = ({ tables }: TenantManifest) =>
    tables.filter(({ name }) => !DIFFERS.includes(name)).map(({ name, rows }) => [name, rows]);
  expect(rowsOf(after)).toEqual(rowsOf(before));
  for (const { name, file } of before.tables.filter(({ name }) => !DIFFERS.includes(name)))
    expect(textOf(join(second, file)).split('\n').sort(), name).toEqual(textOf(join(first, file)).split('\n').sort());

  const key = await withTenant(
    there.api,
    acme.id,
    (client) => createKey(client, acme.id, { name: 'new', scopes: ['read'] }),
    'login',
  );
  const moved = { keys: { ...acme.keys, read: key.key } };
  expect(await answersOf(there, join(folder, 'there'), [moved])).toEqual(await answersOf(here, join(folder, 'here'), [acme]));
  const old = await there.api.query('select from door.authenticate(sha256($1))', [Buffer.from(acme.keys.read)]);
  expect(old.rowCount).toBe(0);
  const noted = await there.owner.query("select tenant_id from private.audit_log where action = 'tenant.imported'");
  expect(noted.rows).toEqual([{ tenant_id: acme.id }]);
});

test('an import of existing, altered or foreign rows is refused as a whole', async () => {
  await expect(importAll([first, '--as', 'elsewhere', '--without-ledger'], settings(here, 'here'))).rejects.toThrow(
    `The tenant ${acme.id} already exists`,
  );
  const [rival] = others as [TestTenant];
  const theirs = join(folder, 'rival');
  await exportAll(['--tenant', 'rival', '--to', theirs], settings(here, 'here'));
  const manifest = await readTenantManifest(theirs);
  const rewrite = (change: Partial<TenantManifest>) =>
    writeFileSync(join(theirs, 'manifest.json'), JSON.stringify({ ...manifest, ...change }));
  const refused = async (message: string) => {
    await expect(importAll([theirs, '--without-ledger'], settings(there, 'there'))).rejects.toThrow(message);
    const { rows } = await there.owner.query('select from private.events where tenant_id = $1 limit 1', [rival.id]);
    expect(rows).toEqual([]);
  };
  rewrite({ tenant: { ...manifest.tenant, id: others[1]?.id as string }, objects: [] });
  await refused('rows of another tenant');
  rewrite({ tenant: { ...manifest.tenant, slug: 'acme' } });
  await refused('Another tenant already has the slug acme');
  rewrite({ tables: manifest.tables.map((table) => ({ ...table, rows: table.rows + Number(table.name === 'events') })) });
  await refused('events has');
  rewrite({ objects: ['archive/events/tenant=other/x'] });
  await refused('has no SHA-256');
  rewrite({ objects: [] });
  await refused('is missing either in the rows or in the objects');
  rewrite({ migrations: ['9999-later.sql'] });
  await refused('newer Mirante');
  rewrite({ tables: [{ ...(manifest.tables[0] as TenantManifest['tables'][number]), name: 'x"; drop table y; --' }] });
  await refused('This version of Mirante cannot read');
  rewrite({});
  writeFileSync(join(theirs, 'tables', 'events.csv'), '', { flag: 'a' });
  const file = join(theirs, 'tables', 'receipts.csv');
  const text = textOf(file);
  writeFileSync(file, text.replace(/.$/s, ''));
  await refused('tables/receipts.csv');
  writeFileSync(file, text);
  expect(await importAll([theirs, '--as', 'rival-2', '--without-ledger'], settings(there, 'there'))).toContain(
    'Imported rival-2',
  );
});

test('roll-ups without raw events survive late events; if other tenants already have events, they are refused', async () => {
  const hours = () =>
    there.owner.query<{ n: number }>(
      "select count(*) as n from private.events_hourly where tenant_id = $1 and bucket < now() - interval '60 d'",
      [acme.id],
    );
  const before = await hours();
  expect(before.rows[0]?.n).toBeGreaterThan(50);
  const at = "date_trunc('hour', now(), 'UTC') - generate_series(62, 88) * interval '1 day'";
  await there.owner.query(`insert into private.dirty_hours (tenant_id, hour, events) select $1, ${at}, 0`, [acme.id]);
  await there.owner.query(`insert into private.dirty_hours (hour) select ${at}`);
  await refreshRollups({ pool: there.owner, engine: there.engine, log: pino({ level: 'silent' }), clock: () => new Date() });
  expect((await hours()).rows).toEqual(before.rows);

  const crowded = await useDatabase();
  const { id } = await makeTenant(crowded);
  await crowded.owner.query(
    "insert into private.events (tenant_id, time, id, received_at, type, source, bytes) values ($1, now(), $1, now(), 'x', 'x', 1)",
    [id],
  );
  const taken = (days: number) =>
    importAll([first, '--without-ledger'], { ...settings(crowded, 'crowded'), RAW_RETENTION_DAYS: days });
  await expect(taken(90)).rejects.toThrow('RAW_RETENTION_DAYS');
  // Errors of the platform come before errors of the arguments.
  await saveSettings(crowded.owner, { RAW_RETENTION_DAYS: 90 });
  await expect(taken(20)).rejects.toThrow('for 90 days');
  await saveSettings(crowded.owner, { RAW_RETENTION_DAYS: 20 });
  expect(await taken(90)).toContain('Imported acme');
  const waiting = await there.owner.query("select from private.alert_deliveries where status = 'waiting'");
  expect(waiting.rowCount).toBe(0);
  await crowded.drop();
});

test('any SQL database can load the files: DuckDB and PostgreSQL count the same rows, also of Parquet', async () => {
  const { tables } = await readTenantManifest(first);
  const schema = textOf(join(first, 'schema.sql'));
  await withDuckDb(folder, async (run) => {
    for (const statement of schema.split(/;\n/).filter((text) => text.includes('create table'))) await run(statement);
    for (const { name, file, rows } of tables) {
      await run(`copy "${name}" from '${join(first, file)}' (header, allow_quoted_nulls false)`);
      const [counted] = await run(`select count(*)::integer as n from "${name}"`);
      const [parquet] = await run(`select count(*)::integer as n from '${join(first, 'parquet', `${name}.parquet`)}'`);
      expect([name, counted?.n, parquet?.n]).toEqual([name, rows, rows]);
    }
  });
  const client = await there.migrator.connect();
  try {
    await client.query(`create schema elsewhere; set search_path = elsewhere; ${schema}`);
    for (const { name, file, rows } of tables) {
      await pipeline(
        createReadStream(join(first, file)),
        client.query(copyFrom(`copy "${name}" from stdin (format csv, header)`)),
      );
      const { rows: counted } = await client.query<{ n: number }>(`select count(*) as n from "${name}"`);
      expect([name, counted[0]?.n]).toEqual([name, rows]);
    }
    await client.query('drop schema elsewhere cascade; reset search_path');
  } finally {
    client.release();
  }
});
