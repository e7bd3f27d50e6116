import type { Request } from 'express';
import { z } from 'zod';
import { withTenant } from '../../sql/database/db.ts';
import { csvwOf } from '../../sql/exports/csvw.ts';
import { exportTag } from '../../sql/exports/mark.ts';
import type { Identity } from '../../sql/tenants/tenants.ts';
import type { Deps } from '../http/deps.ts';
import { oldHttp } from '../http/problems.ts';
import { route } from '../http/route.ts';
import type { Api } from '../http/types.ts';
import { countUsed, requireFeature } from '../tenants/features.ts';
import { EXPORT_FILTERS, type ExportQuery, type ExportRequest, exportFileName, exportQuery, readExportQuery } from './query.ts';
import { exportSpecs } from './spec.ts';
import { CODINGS, type Head, streamRows } from './stream.ts';

const PATH = '/v1/exports/stream';
const METADATA = `${PATH}/csvw`;

const metadata = z.object({
  '@context': z.array(z.unknown()),
  url: z.string(),
  dialect: z.looseObject({}),
  tableSchema: z.looseObject({}),
});

/** Streams rows to keys with the scope `export`, and serves the metadata of the CSV. */
export function mountExportStream(api: Api, deps: Deps): void {
  route(
    api,
    deps,
    {
      ...exportSpecs.stream,
      method: 'get',
      path: PATH,
      scopes: ['export'],
      query: exportQuery,
      filters: EXPORT_FILTERS,
      headers: {
        'Accept-Encoding': `One of ${CODINGS.join(', ')}`,
        'If-None-Match': 'The ETag of an earlier answer: 304 where every row is still the same',
      },
      status: 200,
      otherStatuses: [304],
      produces: ['text/csv', 'application/x-ndjson'],
    },
    async ({ identity, query, request, response }) => {
      requireFeature(identity.features, 'exports');
      if (request.httpVersionMajor === 1 && request.httpVersionMinor === 0)
        throw oldHttp(
          'Over HTTP/1.0 a truncated answer looks complete. Use HTTP/1.1; behind nginx set proxy_http_version 1.1.',
        );
      const asked = await read(deps, identity, query);
      const coding = request.acceptsEncodings(CODINGS) || 'identity';
      const head = await headOf(deps, identity, asked, request, coding);
      countUsed(deps, identity.tenantId, 'exports');
      if (head.etag && isSame(request.headers['if-none-match'], head.etag))
        return { status: 304, headers: { etag: head.etag, vary: 'Accept-Encoding' } };
      if (request.method === 'HEAD') return { headers: head };
      const release = deps.exportSlots.take(identity.tenantId, () => response.destroy());
      const end = await streamRows(deps, identity.tenantId, asked, response, head, coding).finally(release);
      end();
      return undefined;
    },
  );

  route(
    api,
    deps,
    {
      ...exportSpecs.csvw,
      method: 'get',
      path: METADATA,
      scopes: ['export'],
      query: exportQuery,
      filters: EXPORT_FILTERS,
      status: 200,
      answer: metadata,
    },
    async ({ identity, query, request }) => {
      requireFeature(identity.features, 'exports');
      const { selection, shape } = await read(deps, identity, { ...query, format: 'csv' });
      const dialect = shape.format === 'csv' ? shape : { delimiter: ',' as const };
      return {
        body: csvwOf(selection.dataset, `${PATH}${searchOf(request)}`, dialect),
        headers: { 'content-type': 'application/csvm+json; charset=utf-8' },
      };
    },
  );
}

async function read(deps: Deps, identity: Identity, query: ExportQuery): Promise<ExportRequest> {
  const types = query.subject === undefined ? undefined : await deps.types.of(identity.tenantId);
  return readExportQuery(query, new Date(), (subject) => types?.pseudonym(subject) ?? subject);
}

async function headOf(deps: Deps, identity: Identity, asked: ExportRequest, request: Request, coding: string): Promise<Head> {
  const { selection, shape, bom } = asked;
  const etag = await withTenant(deps.pool, identity.tenantId, (client) => exportTag(client, selection, shape, `bom=${bom}`));
  const csv = shape.format === 'csv';
  return {
    'content-type': csv ? 'text/csv; charset=utf-8; header=present' : 'application/x-ndjson; charset=utf-8',
    'content-disposition': `attachment; filename="${exportFileName(selection, shape)}"`,
    vary: 'Accept-Encoding',
    ...(coding !== 'identity' && { 'content-encoding': coding }),
    ...(csv && { link: `<${METADATA}${searchOf(request)}>; rel="describedby"; type="application/csvm+json"` }),
    ...(etag && { etag }),
  };
}

// Express's own comparison returns false if a request says no-cache, which fetch() adds to every conditional request.
function isSame(known: string | undefined, tag: string): boolean {
  const plain = (text: string) => text.trim().replace(/^W\//, '');
  return known !== undefined && (known.trim() === '*' || known.split(',').map(plain).includes(plain(tag)));
}

const searchOf = ({ originalUrl }: Request) => new URL(originalUrl, 'http://localhost').search;
