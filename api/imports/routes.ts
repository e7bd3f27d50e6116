import { pipeline } from 'node:stream/promises';
import type { Request } from 'express';
import { z } from 'zod';
import type { Queues } from '../../jobs/queues.ts';
import { secretOf } from '../../lib/config.ts';
import { createOpener, openKey } from '../../lib/sealed.ts';
import { isUuid } from '../../lib/uuid.ts';
import { withTenant } from '../../sql/database/db.ts';
import { findImport, IMPORT_STATUSES, listImports, openForReading } from '../../sql/imports/imports.ts';
import { mappingSchema } from '../../sql/imports/mapping.ts';
import { listVersions } from '../../sql/imports/runs.ts';
import { derivedId } from '../events/envelope.ts';
import { CURSOR, decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import { notFound, unavailable, unsupportedMediaType } from '../http/problems.ts';
import { page, pageQuery, route } from '../http/route.ts';
import { instant, namesNobody, uuid } from '../http/schemas.ts';
import type { Api } from '../http/types.ts';
import { keepBody } from './keep-body.ts';
import { importSpecs } from './spec.ts';

const READERS = ['ingest', 'tenant-admin'] as const;

const params = z.object({ id: uuid.meta({ description: 'Id of the document' }) });
const MAX_MAPPING = 20_000;

/** JSON text of a mapping, as a query parameter. */
const mapping = z
  .string()
  .max(MAX_MAPPING)
  .refine(isJson, { error: 'must be JSON', params: { code: 'invalid-json' } })
  .transform((text): unknown => JSON.parse(text))
  .pipe(mappingSchema);

/** A finding, as answers show it. */
export const finding = z.object({
  code: z.string(),
  detail: z.string(),
  pointer: z.string().optional(),
  count: z.int().optional(),
});

const shown = z.object({
  id: uuid,
  key_id: uuid,
  received_at: z.iso.datetime(),
  source: z.string(),
  media_type: z.string(),
  bytes: z.int(),
  sha256: z.string(),
  mapping: z.record(z.string(), z.unknown()).nullable(),
  policy: z.string().nullable(),
  status: z.enum(IMPORT_STATUSES),
  importer: z.string().nullable(),
  importer_version: z.int().nullable(),
  findings: z.array(finding),
  rows: z.int(),
  counts: z.record(z.string(), z.int()),
  progress: z.int(),
  duration_ms: z.int().nullable(),
  started_at: z.iso.datetime().nullable(),
  completed_at: z.iso.datetime().nullable(),
  version: z.int(),
  rewrites: z.array(z.record(z.string(), z.unknown())),
  destroyed_at: z.iso.datetime().nullable(),
});

const version = z.object({
  version: z.int(),
  run_id: uuid.nullable(),
  importer: z.string().nullable(),
  importer_version: z.int().nullable(),
  policy: z.string().nullable(),
  mapping: z.record(z.string(), z.unknown()).nullable(),
  applied_at: z.iso.datetime(),
});

/** The fields of a kept body, as answers show it. */
export const keptBody = z.object({
  id: uuid,
  status: z.literal('stored'),
  bytes: z.int(),
  sha256: z.string(),
  received_at: z.iso.datetime(),
});

/** Whether a request sends a document, whose bytes nothing else may read. */
export const isDocument = ({ method, path }: Pick<Request, 'method' | 'path'>) =>
  method === 'POST' && /^(\/v1\/imports|\/import)\/?$/.test(path);

/** The vault: documents as they came, and what became of them. */
export function mountImports(api: Api, deps: Deps, queues: Queues): void {
  route(
    api,
    deps,
    {
      ...importSpecs.create,
      method: 'post',
      path: '/v1/imports',
      scopes: ['ingest'],
      query: z.strictObject({
        source: z
          .string()
          .trim()
          .min(1)
          .max(200)
          .refine(...namesNobody)
          .optional()
          .meta({ description: 'Where the document came from' }),
        mapping: mapping.optional().meta({ type: 'string', description: 'How columns become events, as JSON' }),
        policy: z.string().max(100).optional().meta({ description: 'By which rule of the importer rows are written' }),
      }),
      bodyTypes: { 'text/csv': z.string(), '*/*': z.string() },
      status: 202,
      answer: keptBody,
    },
    async ({ identity, actor, query, request }) => {
      const mediaType = mediaTypeOf(request);
      const kept = await keepBody(deps, identity, actor, request, { ...query, mediaType });
      queues.enqueue('run-imports');
      return { body: kept, headers: { location: `/v1/imports/${kept.id}` } };
    },
  );

  route(
    api,
    deps,
    {
      ...importSpecs.list,
      method: 'get',
      path: '/v1/imports',
      scopes: READERS,
      query: pageQuery.extend({
        status: z.enum(IMPORT_STATUSES).optional(),
        media_type: z.string().max(200).optional().meta({ description: 'Without parameters' }),
        from: instant.optional(),
        to: instant.optional(),
        event: z.string().min(1).max(200).optional().meta({ description: 'Id of an event that the document gave' }),
        event_source: z
          .string()
          .max(500)
          .default('import')
          .meta({ description: 'Its source: `import` if the document says none' }),
      }),
      status: 200,
      answer: z.object({ data: z.array(shown), next_cursor: z.string().nullable() }),
    },
    async ({ identity, query: { cursor, limit, media_type: mediaType, event, event_source, ...filter }, request }) => {
      const rowId = event && (isUuid(event) ? event : derivedId(event_source, event));
      const before = cursor === undefined ? undefined : decodeCursor(cursor, CURSOR.uuid)[0];
      const rows = await withTenant(deps.pool, identity.tenantId, (client) =>
        listImports(client, { ...filter, mediaType, event: rowId }, before, limit),
      );
      return page(request, rows, rows.length === limit, ({ id }) => encodeCursor(id));
    },
  );

  route(
    api,
    deps,
    {
      ...importSpecs.get,
      method: 'get',
      path: '/v1/imports/:id',
      scopes: READERS,
      params,
      status: 200,
      answer: shown.extend({ versions: z.array(version) }),
    },
    async ({ identity, params: { id } }) =>
      withTenant(deps.pool, identity.tenantId, async (client) => {
        const found = await findImport(client, id);
        if (!found) throw notFound('import');
        return { body: { ...found, versions: await listVersions(client, id) } };
      }),
  );

  route(
    api,
    deps,
    {
      ...importSpecs.body,
      method: 'get',
      path: '/v1/imports/:id/body',
      scopes: ['tenant-admin'],
      params,
      status: 200,
      produces: ['application/octet-stream'],
    },
    async ({ identity, actor, params: { id }, response }) => {
      const entry = await withTenant(deps.pool, identity.tenantId, (client) => findImport(client, id));
      // Before the first byte is sent, so that a partial read leaves a trace too.
      const body = entry && (await withTenant(deps.pool, identity.tenantId, (client) => openForReading(client, id), actor));
      if (!body) throw notFound('document', 'GET /v1/imports/{id} shows whether its body was destroyed.');
      const stored = await deps.objects.get(body.object).catch((error) => {
        deps.log.error({ err: error }, 'cannot read a document');
        throw unavailable('The document cannot be read at the moment. Try again later.', 5);
      });
      if (!stored) throw unavailable('The document is missing in the object store. Tell the operator.', 60);
      // Never a type that a browser would run, whatever the sender called it.
      response.setHeader('content-type', 'application/octet-stream');
      response.setHeader('content-disposition', `attachment; filename="${id}"`);
      response.setHeader('content-length', entry.bytes);
      response.setHeader('repr-digest', `sha-256=:${Buffer.from(entry.sha256, 'hex').toString('base64')}:`);
      const key = openKey(secretOf(deps.config), identity.tenantId, id, body.sealed_key);
      // After an error the answer is shorter than its Content-Length, so no client takes it for complete.
      await pipeline(stored, createOpener(key), response).catch((error) => {
        if (!response.destroyed || error.code !== 'ERR_STREAM_PREMATURE_CLOSE') {
          deps.log.error({ err: error, import: id }, 'reading a document broke off');
        }
      });
      return undefined;
    },
  );
}

const TOKEN = "[\\w!#$%&'*+.^`|~-]+";
const MEDIA_TYPE = new RegExp(`^${TOKEN}/${TOKEN}(?:[ \\t]*;[ \\t]*(?:${TOKEN}=(?:${TOKEN}|"(?:[^"\\\\]|\\\\.)*"))?)*$`);

/** The media type of a document with its parameters. Throws 415 if it is missing or malformed, or the document is encoded. */
export function mediaTypeOf({ headers }: Pick<Request, 'headers'>): string {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding !== 'identity') {
    const detail = 'Send the document without Content-Encoding, or a compressed file as what it is, such as application/gzip.';
    throw unsupportedMediaType(detail, { 'accept-encoding': 'identity' });
  }
  const mediaType = headers['content-type']?.trim() ?? '';
  if (mediaType.length > 200 || !MEDIA_TYPE.test(mediaType)) {
    throw unsupportedMediaType('Send the media type of the document as Content-Type, for example text/csv.');
  }
  return mediaType;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
