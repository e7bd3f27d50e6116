import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import QuickLRU from 'quick-lru';
import { z } from 'zod';
import { type Actor, withTenant } from '../../sql/database/db.ts';
import { findExportFile, noteDownload } from '../../sql/exports/jobs.ts';
import { type ByteRange, hasFile, isSameFile, rangeOf } from '../http/byte-range.ts';
import type { Deps } from '../http/deps.ts';
import { notFound, Problem, unavailable } from '../http/problems.ts';
import { route } from '../http/route.ts';
import { uuid } from '../http/schemas.ts';
import type { Api, Call, Seen } from '../http/types.ts';
import { countUsed, requireFeature } from '../tenants/features.ts';
import { exportSpecs } from './spec.ts';

/** Reads of parts of one file with one key within this time count as one download. */
const ONE_DOWNLOAD_MS = 10 * 60_000;

const TYPES = {
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson',
  parquet: 'application/vnd.apache.parquet',
};
const COMPRESSED = { none: undefined, gzip: 'application/gzip', zstd: 'application/zstd' };

// Express returns a wildcard as an array of path segments.
const fileName = z
  .preprocess((steps) => (Array.isArray(steps) ? steps.join('/') : steps), z.string().max(300))
  .meta({ type: 'string' });

/** Serves the files of completed exports, to a key or by a signed address. */
export function mountExportFiles(api: Api, deps: Deps): void {
  const noted = new QuickLRU<string, true>({ maxSize: 10_000, maxAge: ONE_DOWNLOAD_MS });

  route(
    api,
    deps,
    {
      ...exportSpecs.file,
      method: 'get',
      path: '/v1/exports/:id/files/*name',
      scopes: ['export'],
      viewers: true,
      params: z.object({ id: uuid.lowercase(), name: fileName }),
      headers: { Range: 'Bytes of the file, one range', 'If-Range': 'Only if the file is still the one with this ETag' },
      status: 200,
      otherStatuses: [206],
      produces: Object.values(TYPES),
    },
    async (call) => {
      const { id, name } = call.params;
      const actor = await readerOf(deps, call);
      const file = await withTenant(deps.pool, actor.tenantId, (client) => findExportFile(client, id, name, new Date()));
      if (!file)
        throw notFound('file', 'The files of the export may have been deleted. GET /v1/exports/{id} shows its status.');
      const { request, response } = call;
      const etag = `"${file.sha256}"`;
      response.setHeader('etag', etag);
      response.setHeader('accept-ranges', 'bytes');
      if (hasFile(request.get('if-none-match'), etag)) return { status: 304 };
      const asked = isSameFile(request.get('if-range'), etag) ? request.get('range') : undefined;
      const range = rangeOf(asked, file.bytes);
      if (range === 'none') throw noSuchRange(file.bytes);
      if (request.method !== 'HEAD') await note(actor, id, name);
      response.setHeader('content-type', COMPRESSED[file.options.compression ?? 'none'] ?? TYPES[file.format]);
      response.setHeader('content-disposition', `attachment; filename="${name.replaceAll('/', '_')}"`);
      response.setHeader('repr-digest', `sha-256=:${Buffer.from(file.sha256, 'hex').toString('base64')}:`);
      await send(deps, call, file, range);
      return undefined;
    },
  );

  // Writes the audit entry before the first byte is sent, so that a partial read leaves a trace too.
  async function note(actor: Actor, exportId: string, name: string): Promise<void> {
    const download = `${actor.keyId} ${exportId} ${name}`;
    if (noted.has(download)) return;
    await withTenant(deps.pool, actor.tenantId, (client) => noteDownload(client, exportId, name), actor);
    noted.set(download, true);
    countUsed(deps, actor.tenantId, 'exports');
  }
}

type Asking = Pick<
  Call<{ id: string; name: string }, unknown, unknown>,
  'identity' | 'actor' | 'params' | 'request' | 'response'
>;

// A token takes precedence over a key, as for viewers.
async function readerOf(deps: Deps, { identity, actor, params, request, response }: Asking): Promise<Actor> {
  if (request.query.token === undefined) {
    requireFeature(identity.features, 'exports');
    return actor;
  }
  const { tenant, keyId } = await deps.downloads.open(request.query.token, params.id, params.name);
  const seen = response.locals.seen as Seen;
  seen.viewer = { tenantId: tenant.id, keyId };
  await deps.limits.request({ tenantId: tenant.id, limits: tenant.limits }, response);
  return { tenantId: tenant.id, keyId, address: seen.address, requestId: seen.requestId };
}

const noSuchRange = (bytes: number) =>
  new Problem(416, 'no-such-range', 'The requested range is outside the file', {
    headers: { 'content-range': `bytes */${bytes}` },
  });

type Sent = { object: string; bytes: number };

async function send(
  deps: Deps,
  { request, response }: { request: Request; response: Response },
  { object, bytes }: Sent,
  range: ByteRange | 'whole',
): Promise<void> {
  const isHead = request.method === 'HEAD';
  const body = isHead ? undefined : await open(deps, object, range);
  if (range === 'whole') response.setHeader('content-length', bytes);
  else {
    response.status(206);
    response.setHeader('content-length', range.end - range.start + 1);
    response.setHeader('content-range', `bytes ${range.start}-${range.end}/${bytes}`);
  }
  if (!body) {
    response.end();
    return;
  }
  // After an error the answer is shorter than its Content-Length, so no client takes it for complete.
  await pipeline(body, response).catch((error) => {
    if (!response.destroyed || error.code !== 'ERR_STREAM_PREMATURE_CLOSE') deps.log.warn({ err: error }, 'download aborted');
  });
}

async function open(deps: Deps, object: string, range: ByteRange | 'whole'): Promise<Readable> {
  const found = await deps.objects.get(object, range === 'whole' ? undefined : range).catch((error) => {
    deps.log.error({ err: error }, 'cannot read the file of an export');
    throw unavailable('The file cannot be read at the moment. Try again later.', 5);
  });
  if (found) return found;
  deps.log.error({ object }, 'file of an export is missing');
  throw notFound('file');
}
