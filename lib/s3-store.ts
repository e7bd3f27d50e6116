import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  NoSuchKey,
  NotFound,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { ObjectStore } from './object-store.ts';
import { withStallLimit } from './stall-limit.ts';

const PART_BYTES = 8 * 1024 * 1024;

/** How long a connection may take, an answer to begin, and a body to send nothing, in milliseconds. */
type Patience = { connectMs: number; answerMs: number; stallMs: number };

const PATIENCE: Patience = { connectMs: 5_000, answerMs: 60_000, stallMs: 30_000 };

/**
 * Opens `s3://[<key id>:<secret>@]<bucket>[/<prefix>][?endpoint=<URL>][&region=<region>]`. Without a key the SDK finds one as it does
 * everywhere (AWS_ACCESS_KEY_ID, a role of the machine). With an endpoint, the bucket stands in the path: so do MinIO and others. No request
 * waits without end: whoever uses a store may hold something that others wait for.
 */
export function openS3Store(url: string, patience = PATIENCE): ObjectStore {
  const { hostname: Bucket, pathname, searchParams, username, password } = new URL(url);
  const prefix = decodeURIComponent(pathname)
    .replace(/^\/|\/$/g, '')
    .replace(/.$/, '$&/');
  const endpoint = searchParams.get('endpoint');
  const client = new S3Client({
    region: searchParams.get('region') ?? 'us-east-1',
    ...(endpoint ? { endpoint, forcePathStyle: true } : {}),
    ...(username
      ? { credentials: { accessKeyId: decodeURIComponent(username), secretAccessKey: decodeURIComponent(password) } }
      : {}),
    maxAttempts: 5,
    // Stores other than Amazon's do not all know the newer checksums; contents carry a SHA-256 in their manifests.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: patience.connectMs,
      requestTimeout: patience.answerMs,
      throwOnRequestTimeout: true,
    },
  });
  // The limit of the request ends where its answer begins. Below whatever reads the body, so that lists and errors are bounded too.
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const response = result.response as { body?: unknown };
      if (response.body instanceof Readable) response.body = withStallLimit(response.body, patience.stallMs);
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'stallLimit' },
  );
  const at = (name: string) => ({ Bucket, Key: prefix + name });

  return {
    async put(name, path) {
      const Body = createReadStream(path, { highWaterMark: 256 * 1024 });
      await new Upload({ client, params: { ...at(name), Body }, partSize: PART_BYTES, queueSize: 2 })
        .done()
        .finally(() => Body.destroy());
    },
    async get(name, range) {
      const Range = range && `bytes=${range.start}-${range.end}`;
      try {
        const { Body } = await client.send(new GetObjectCommand({ ...at(name), Range }));
        return Body as Readable;
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    },
    async stat(name) {
      try {
        const { ContentLength = 0, LastModified = new Date(0) } = await client.send(new HeadObjectCommand(at(name)));
        return { name, bytes: ContentLength, modifiedAt: LastModified };
      } catch (error) {
        if (error instanceof NotFound) return undefined;
        throw error;
      }
    },
    async *list(under) {
      for await (const page of paginateListObjectsV2({ client }, { Bucket, Prefix: prefix + under })) {
        for (const { Key = '', Size = 0, LastModified = new Date(0) } of page.Contents ?? []) {
          yield { name: Key.slice(prefix.length), bytes: Size, modifiedAt: LastModified };
        }
      }
    },
    async remove(name) {
      await client.send(new DeleteObjectCommand(at(name)));
    },
    // What a killed process left of a large file is the bucket's own to end (rule AbortIncompleteMultipartUpload).
    sweep: async () => 0,
    close: () => client.destroy(),
  };
}
