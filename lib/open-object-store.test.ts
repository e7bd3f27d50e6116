import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { useS3 } from '../test/support/s3-server.ts';
import type { ObjectStore } from './object-store.ts';
import { openObjectStore } from './open-object-store.ts';

const folder = await mkdtemp(join(tmpdir(), 'mirante-objects-'));
const s3 = await useS3();
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function fileOf(contents: Buffer): Promise<string> {
  const path = join(folder, createHash('sha256').update(contents).digest('hex'));
  await writeFile(path, contents);
  return path;
}

const contentsOf = async (store: ObjectStore, name: string, range?: { start: number; end: number }) => {
  const body = await store.get(name, range);
  return body && buffer(body);
};
async function namesOf(store: ObjectStore, prefix: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of store.list(prefix)) names.push(name);
  return names.sort();
}

describe.each([
  ['a folder', () => pathToFileURL(join(folder, 'store')).href],
  ['S3', () => s3.url],
])('in %s', (kind, urlOf) => {
  let store: ObjectStore;
  beforeAll(() => {
    store = openObjectStore({ OBJECT_STORE_URL: urlOf(), MIRANTE_DATA_DIR: folder });
  });
  afterAll(() => store.close());

  test('a file is stored whole, read whole or in part, replaced and removed', async () => {
    const large = randomBytes(20_000_000);
    const name = 'exports/tenant=1/day=2026-11-24/part 0.csv';
    await store.put(name, await fileOf(large));
    expect(await store.stat(name)).toMatchObject({ name, bytes: large.length });
    expect((await contentsOf(store, name))?.equals(large)).toBe(true);
    expect(
      (await contentsOf(store, name, { start: 9_999_999, end: 10_000_001 }))?.equals(large.subarray(9_999_999, 10_000_002)),
    ).toBe(true);
    await store.put(name, await fileOf(Buffer.from('é')));
    expect((await contentsOf(store, name))?.toString()).toBe('é');
    await store.remove(name);
    await store.remove(name);
    expect([await store.stat(name), await store.get(name)]).toEqual([undefined, undefined]);
  });

  test('list returns the objects under a prefix, and nothing else', async () => {
    const file = await fileOf(Buffer.alloc(0));
    for (const name of ['a/b/1', 'a/b/2', 'a/bc', 'd']) await store.put(name, file);
    expect(await namesOf(store, 'a/b/')).toEqual(['a/b/1', 'a/b/2']);
    expect(await namesOf(store, '')).toEqual(['a/b/1', 'a/b/2', 'a/bc', 'd']);
    expect(await namesOf(store, 'none/')).toEqual([]);
  });

  test('a file that cannot be read leaves nothing behind', async () => {
    await expect(store.put('x', join(folder, 'absent'))).rejects.toThrow(/ENOENT/);
    expect([await store.stat('x'), await store.sweep(new Date(Date.now() + 1000))]).toEqual([undefined, 0]);
  });

  test.runIf(kind === 'a folder')('files of a killed process are swept, and no name leads out of the folder', async () => {
    await mkdir(join(folder, 'store/.unfinished'), { recursive: true });
    await writeFile(join(folder, 'store/.unfinished/1'), '');
    expect(await namesOf(store, '')).not.toContain('.unfinished/1');
    expect([await store.sweep(new Date(0)), await store.sweep(new Date(Date.now() + 1000))]).toEqual([0, 1]);
    for (const name of ['../x', 'a/../../x', '.unfinished/1', ''])
      await expect(async () => store.stat(name)).rejects.toThrow(/not a valid object name/);
  });
});
