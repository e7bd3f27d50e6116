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

/** Time limits in milliseconds: to connect, until an answer begins, and between two chunks of a body. */
type Patience = { connectMs: number; answerMs: number; stallMs: number };

const PATIENCE: Patience = { connectMs: 5_000, answerMs: 60_000, stallMs: 30_000 };

/**
 * Opens `s3://[<key id>:<secret>@]<bucket>[/<prefix>][?endpoint=<URL>][&region=<region>]`. Without a key the SDK uses its default
 * credentials (AWS_ACCESS_KEY_ID, a role of the machine). With an endpoint, the bucket is in the path, as MinIO and others
 * expect. Every request has a time limit, because its caller may hold a lock that others wait for.
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
    // Not every S3-compatible store knows the newer checksums. Manifests contain a SHA-256 of the content.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: patience.connectMs,
      requestTimeout: patience.answerMs,
      throwOnRequestTimeout: true,
    },
  });
  // The request's time limit ends when its answer begins. This limit is below every reader of the body, so that it covers lists
  // and errors too.
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
    // The bucket removes parts of large files that a killed process left (rule AbortIncompleteMultipartUpload).
    sweep: async () => 0,
    close: () => client.destroy(),
  };
}
