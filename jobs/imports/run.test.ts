import { expect, test } from 'vitest';
import { makeTenant, useDatabase } from '../../test/support/harness.ts';
import { useVault } from '../../test/support/imports.ts';
import { createImportRunner } from './run.ts';

const db = await useDatabase();
const { api, deps } = await useVault(db);

test('a document that takes long delays none that arrives meanwhile', async () => {
  const tenant = await makeTenant(db);
  const { ingest } = tenant.keys;
  const post = async () => {
    const sent = await api.call('POST', '/v1/imports', ingest, 'type\na.b.v1\n', { 'content-type': 'text/csv' });
    return sent.body.id as string;
  };
  const status = async (id: string) => (await api.call('GET', `/v1/imports/${id}`, ingest)).body.status;
  const long = await post();
  let release = () => {};
  const held = new Promise<void>((done) => {
    release = done;
  });
  const objects = {
    ...deps.objects,
    async get(name: string) {
      if (name.endsWith(long)) await held;
      return deps.objects.get(name);
    },
  };
  const job = createImportRunner({ ...deps, objects }, async () => undefined)();
  await expect.poll(() => status(long)).toBe('running');
  const short = await post();
  await expect.poll(() => status(short)).toBe('imported');
  expect(await status(long)).toBe('running');
  release();
  await job;
  expect(await status(long)).toBe('imported');
});
