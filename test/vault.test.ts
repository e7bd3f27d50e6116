import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bytesOf } from '../jobs/imports/body.ts';
import { resealKeys } from '../jobs/imports/reseal.ts';
import { useApi } from './support/api.ts';
import { makeTenant, need, testSecret, useDatabase } from './support/harness.ts';
import { useVault } from './support/imports.ts';

const db = await useDatabase();
const { api, deps, folder, run, send } = await useVault(db, { IMPORT_MAX_BYTES: '1000000' });
const [tenant, rival] = [await makeTenant(db), await makeTenant(db)];
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
async function readAll(bytes: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const countOf = async () => (await db.owner.query('select count(*) from private.imports')).rows[0].count;

test('a document is kept exactly as it came, encrypted, and only its tenant’s administrator reads it', async () => {
  for (const size of [0, 1, 65_536, 65_537, 300_000]) {
    const bytes = randomBytes(size);
    const kept = await send(tenant.keys.ingest, 'application/zip', bytes, { source: 'a test' });
    expect(kept).toMatchObject({ status: 'stored', bytes: size, sha256: sha256(bytes), source: 'a test' });
    expect(kept.findings).toMatchObject([{ code: 'no-importer' }]);
    const path = `/v1/imports/${kept.id}/body`;
    const read = await fetch(api.url + path, { headers: { authorization: `Bearer ${tenant.keys.tenant_admin}` } });
    expect(Buffer.from(await read.arrayBuffer()).equals(bytes)).toBe(true);
    expect((await api.call('GET', path, tenant.keys.ingest)).status).toBe(403);
    expect((await api.call('GET', path, rival.keys.tenant_admin)).status).toBe(404);
    expect((await api.call('GET', `/v1/imports/${kept.id}`, rival.keys.tenant_admin)).status).toBe(404);
    const stored = readFileSync(join(folder, 'objects', 'imports', tenant.id, kept.id));
    expect(stored.length).toBe(size + 16 * Math.max(1, Math.ceil(size / 65_536)));
    if (size > 100) expect(stored.includes(bytes.subarray(0, 32))).toBe(false);
  }
  const { rows } = await db.owner.query("select from private.audit_log where action = 'import.body_read'");
  expect(rows).toHaveLength(5);
});

test('a changed, shortened or reordered object does not open', async () => {
  const kept = await send(tenant.keys.ingest, 'application/zip', randomBytes(200_000));
  const path = join(folder, 'objects', 'imports', tenant.id, kept.id);
  const whole = readFileSync(path);
  const row = (await db.owner.query('select * from private.imports where id = $1', [kept.id])).rows[0];
  const chunk = 65_536 + 16;
  const changed = Buffer.from(whole);
  changed[100_000] = (changed[100_000] as number) ^ 1;
  const swapped = Buffer.concat([whole.subarray(chunk, 2 * chunk), whole.subarray(0, chunk), whole.subarray(2 * chunk)]);
  for (const bytes of [changed, whole.subarray(0, 2 * chunk), whole.subarray(0, -1), swapped, Buffer.concat([whole, whole])]) {
    writeFileSync(path, bytes);
    await expect(readAll(bytesOf(deps, row))).rejects.toThrow(/changed or cut off/);
  }
  writeFileSync(path, whole);
  await expect(readAll(bytesOf({ ...deps, secret: 'x'.repeat(32) }, row))).rejects.toThrow(/key is another/);
  expect(sha256(await readAll(bytesOf(deps, row)))).toBe(kept.sha256);
});

test('a malformed media type, an encoded or too large body, and one that breaks off are refused, and nothing is kept', async () => {
  const before = await countOf();
  const post = (headers: Record<string, string>, body: Uint8Array = Buffer.from('x')) =>
    fetch(`${api.url}/v1/imports`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tenant.keys.ingest}`, ...headers },
      body: body as never,
    });
  for (const type of ['', 'csv', 'text/', '/csv', 'text/csv; =x', 'text /csv']) {
    expect((await post({ 'content-type': type })).status, type).toBe(415);
  }
  expect((await post({ 'content-type': 'text/csv', 'content-encoding': 'gzip' })).status).toBe(415);
  expect((await post({ 'content-type': 'text/csv' }, randomBytes(1_000_001))).status).toBe(413);
  expect((await api.call('POST', '/v1/imports', tenant.keys.read, 'x', { 'content-type': 'text/csv' })).status).toBe(403);
  const { hostname, port } = new URL(api.url);
  await new Promise<void>((done) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(
        `POST /v1/imports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tenant.keys.ingest}\r\nContent-Type: text/csv\r\nContent-Length: 500000\r\n\r\n`,
      );
      socket.write(randomBytes(100_000), () => socket.destroy());
    });
    socket.once('close', () => done());
  });
  await expect.poll(() => readdirSync(join(folder, 'scratch'))).toEqual([]);
  expect(await countOf()).toBe(before);
});

test('a change of the secret encrypts keys again and leaves bodies as they are', async () => {
  const bytes = randomBytes(100_000);
  const kept = await send(tenant.keys.ingest, 'application/zip', bytes);
  const path = join(folder, 'objects', 'imports', tenant.id, kept.id);
  const stored = readFileSync(path);
  const row = async () => (await db.owner.query('select * from private.imports where id = $1', [kept.id])).rows[0];
  const next = randomBytes(32).toString('hex');
  const { resealed } = await resealKeys(db.jobs, next, testSecret);
  expect(resealed).toBeGreaterThan(0);
  expect(await resealKeys(db.jobs, next, testSecret)).toEqual({ resealed: 0, unopened: 0 });
  expect(readFileSync(path).equals(stored)).toBe(true);
  expect((await readAll(bytesOf({ ...deps, secret: next }, await row()))).equals(bytes)).toBe(true);
  await expect(readAll(bytesOf(deps, await row()))).rejects.toThrow(/key is another/);
  const third = await resealKeys(db.jobs, randomBytes(32).toString('hex'), testSecret);
  expect(third).toEqual({ resealed: 0, unopened: resealed });
  expect(await resealKeys(db.jobs, testSecret, next)).toEqual({ resealed, unopened: 0 });
  expect(sha256(await readAll(bytesOf(deps, await row())))).toBe(kept.sha256);
});

test.skipIf(!need('tmpfs'))(
  'a full disk gives a clear error and keeps nothing; when it has space again, the document is taken',
  async () => {
    const disk = mkdtempSync(join(tmpdir(), 'mirante-full-'));
    const mount = (options: string) =>
      expect(spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', disk]).status, options).toBe(0);
    mount('size=300k');
    try {
      const small = await useApi(db, { MIRANTE_DATA_DIR: disk, MIRANTE_SECRET: testSecret });
      const before = await countOf();
      const post = (bytes: number) =>
        small.call('POST', '/v1/imports', tenant.keys.ingest, randomBytes(bytes), { 'content-type': 'application/zip' });
      // While it arrives, and when it goes into the store: it is on the disk twice then.
      for (const bytes of [400_000, 200_000]) {
        const refused = await post(bytes);
        expect([refused.status, refused.body.code]).toEqual([507, 'storage-full']);
      }
      expect(await countOf()).toBe(before);
      expect(readdirSync(disk, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())).toEqual([]);
      mount('remount,size=16m');
      expect((await post(400_000)).status).toBe(202);
      await small.close();
    } finally {
      spawnSync('umount', [disk]);
      rmSync(disk, { recursive: true });
    }
  },
);

test('equal documents that arrive at once give the same rows', async () => {
  const body = 'type,word\na.once.v1,x\na.once.v1,y\n';
  const sent = await Promise.all(
    Array.from({ length: 6 }, () => api.call('POST', '/v1/imports', tenant.keys.ingest, body, { 'content-type': 'text/csv' })),
  );
  expect(sent.map(({ status }) => status)).toEqual(Array(6).fill(202));
  await Promise.all([run(), run(), run()]);
  const rows = await db.owner.query("select from private.events where type = 'a.once.v1'");
  expect(rows.rowCount).toBe(2);
});

test('JSON of any size is a document like any other', async () => {
  const body = JSON.stringify({ a: 'x'.repeat(900_000) });
  expect(await send(tenant.keys.ingest, 'application/json', body)).toMatchObject({ bytes: body.length, status: 'stored' });
  const { body: list } = await api.call('GET', '/v1/imports?media_type=application/json&status=stored', tenant.keys.ingest);
  expect(list.data).toHaveLength(1);
});
