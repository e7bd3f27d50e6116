import type { Request } from 'express';
import { z } from 'zod';
import type { Queues } from '../../jobs/queues.ts';
import { withTenant } from '../../sql/database/db.ts';
import {
  cancelOrDeleteExport,
  countExports,
  createExport,
  type ExportJob,
  findExport,
  listExports,
  MAX_KEPT,
  MAX_UNFINISHED,
} from '../../sql/exports/jobs.ts';
import type { ManifestFile } from '../../sql/exports/manifests.ts';
import type { Identity } from '../../sql/tenants/tenants.ts';
import { CURSOR, decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import { conflict, malformedRequest, notFound } from '../http/problems.ts';
import { page, pageQuery, route } from '../http/route.ts';
import { uuid } from '../http/schemas.ts';
import { LONGEST_SECONDS } from '../http/tokens.ts';
import type { Api } from '../http/types.ts';
import { countUsed, requireFeature } from '../tenants/features.ts';
import { notifyEndpoint, webhookUrl } from './notify-endpoint.ts';
import { exportInput, readExport } from './request.ts';
import { exportSpecs } from './spec.ts';
import { askedExport, showExport, shownExport, wholeExport } from './view.ts';

const params = z.object({ id: uuid });
const SCOPES = ['export'] as const;

/** Exports that a job writes into files for download. */
export function mountExportJobs(api: Api, deps: Deps, queues: Queues): void {
  route(
    api,
    deps,
    {
      ...exportSpecs.create,
      method: 'post',
      path: '/v1/exports',
      scopes: SCOPES,
      body: exportInput.extend({ notify_url: webhookUrl(deps.config).optional() }),
      status: 202,
      answer: askedExport,
    },
    async ({ identity, actor, body }) => {
      requireFeature(identity.features, 'exports');
      const { job, secret } = await withTenant(
        deps.pool,
        identity.tenantId,
        async (client) => {
          const before = body.since === undefined ? undefined : await findExport(client, body.since);
          const asked = readExport(body, before, new Date());
          const { unfinished, kept } = await countExports(client);
          if (unfinished >= MAX_UNFINISHED)
            throw conflict('export-limit', `The tenant already has ${MAX_UNFINISHED} unfinished exports`);
          if (kept >= MAX_KEPT)
            throw conflict('export-limit', `The tenant already has files of ${MAX_KEPT} exports: delete one`);
          const told = await notifyEndpoint(deps.config, client, identity.tenantId, body.notify_url);
          const job = await createExport(client, identity.tenantId, identity.keyId, { ...asked, endpointId: told?.id ?? null });
          return { job, secret: told?.secret };
        },
        actor,
      );
      queues.enqueue('run-exports');
      countUsed(deps, identity.tenantId, 'exports');
      return {
        body: { ...showExport(job), ...(secret && { webhook_secret: secret }) },
        headers: { location: `/v1/exports/${job.id}` },
        ...(secret && { secrets: ['webhook_secret'] }),
      };
    },
  );

  route(
    api,
    deps,
    {
      ...exportSpecs.list,
      method: 'get',
      path: '/v1/exports',
      scopes: SCOPES,
      query: pageQuery,
      status: 200,
      answer: z.object({ data: z.array(shownExport), next_cursor: z.string().nullable() }),
    },
    async ({ identity, query, request }) => {
      requireFeature(identity.features, 'exports');
      const before = query.cursor === undefined ? undefined : decodeCursor(query.cursor, CURSOR.uuid)[0];
      const rows = await withTenant(deps.pool, identity.tenantId, (client) => listExports(client, before, query.limit));
      const reply = page(request, rows, rows.length === query.limit, ({ id }) => encodeCursor(id));
      return { ...reply, body: { ...(reply.body as object), data: rows.map(showExport) } };
    },
  );

  route(
    api,
    deps,
    {
      ...exportSpecs.get,
      method: 'get',
      path: '/v1/exports/:id',
      scopes: SCOPES,
      params,
      query: z.strictObject({
        urls_expire_in: z.coerce.number().int().min(60).max(LONGEST_SECONDS).default(600).meta({ description: 'Seconds' }),
      }),
      status: 200,
      answer: wholeExport,
    },
    async ({ identity, params: { id }, query, request }) => {
      requireFeature(identity.features, 'exports');
      const job = await withTenant(deps.pool, identity.tenantId, (client) => findExport(client, id));
      if (!job) throw notFound('export');
      return { body: { ...showExport(job), ...(await manifestOf(deps, identity, request, job, query.urls_expire_in)) } };
    },
  );

  route(
    api,
    deps,
    {
      ...exportSpecs.delete,
      method: 'delete',
      path: '/v1/exports/:id',
      scopes: SCOPES,
      params,
      status: 200,
      answer: shownExport,
    },
    async ({ identity, actor, params: { id } }) => {
      // Also if the feature is off: a tenant can always delete its own exports.
      const job = await withTenant(
        deps.pool,
        identity.tenantId,
        async (client) => ((await cancelOrDeleteExport(client, id)) ? findExport(client, id) : undefined),
        actor,
      );
      if (!job) throw notFound('export');
      queues.enqueue('run-exports');
      return { body: showExport(job) };
    },
  );
}

// A manifest outlives its files. Only existing files get addresses.
async function manifestOf(deps: Deps, identity: Identity, request: Request, job: ExportJob, seconds: number) {
  if (!job.completed_at || !job.manifest) return {};
  if (job.status !== 'completed') return { manifest: job.manifest };
  const files = job.manifest.files as ManifestFile[];
  const now = Date.now();
  // An address expires with its file and with the key that requested it.
  const ends = [
    now + seconds * 1000,
    job.expires_at?.getTime() ?? now,
    identity.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY,
  ];
  const left = Math.max(1, Math.floor((Math.min(...ends) - now) / 1000));
  const base = `${request.protocol}://${request.host}`;
  if (!URL.canParse(base)) throw malformedRequest();
  const addressed = files.map(async (file) => {
    const link = { tenantId: identity.tenantId, keyId: identity.keyId, exportId: job.id, file: file.name };
    const token = await deps.downloads.sign(link, left);
    return { ...file, url: `${base}/v1/exports/${job.id}/files/${encodeURIComponent(file.name)}?token=${token}` };
  });
  return {
    manifest: { ...job.manifest, files: await Promise.all(addressed) },
    urls_expire_at: new Date(now + left * 1000),
  };
}
