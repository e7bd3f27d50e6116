import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';
import { cleanUp } from './clean-up.ts';

/** An S3 server with one empty bucket. `url` is a value for OBJECT_STORE_URL, with a prefix. */
export async function useS3(): Promise<{ url: string; endpoint: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'mirante-s3-'));
  const server = new S3rver({
    port: 0,
    address: '127.0.0.1',
    directory,
    silent: true,
    configureBuckets: [{ name: 'bucket', configs: [] }],
  });
  const { port } = (await server.run()) as AddressInfo;
  cleanUp(async () => {
    await server.close();
    await rm(directory, { recursive: true, force: true });
  });
  const endpoint = `http://127.0.0.1:${port}`;
  return {
    url: `s3://S3RVER:S3RVER@bucket/mirante?endpoint=${endpoint}`,
    endpoint,
  };
}
