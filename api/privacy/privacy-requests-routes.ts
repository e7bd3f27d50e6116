import { z } from 'zod';
import type { Queues } from '../../jobs/queues.ts';
import { withTenant } from '../../sql/database/db.ts';
import { restoreSubject, withdrawSubject } from '../../sql/privacy/privacy.ts';
import {
  createPrivacyRequest,
  findPrivacyRequest,
  listPrivacyRequests,
  type PrivacyRequest,
  REQUEST_KINDS,
  readBundlePart,
} from '../../sql/privacy/privacy-requests.ts';
import { CURSOR, decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import { notFound } from '../http/problems.ts';
import { page, pageQuery, route } from '../http/route.ts';
import { namesNobody, uuid } from '../http/schemas.ts';
import type { Api } from '../http/types.ts';
import { privacyRequestSpecs } from './requests-spec.ts';

const BUNDLE_DAYS = 30;
const PSEUDONYM = /^psn_[A-Za-z0-9_-]{24}$/;

const input = z.strictObject({
  kind: z.enum(REQUEST_KINDS).meta({
    description:
      'access: a copy of all that is held; erasure: its removal, certified; withdrawal of consent: events of this subject are stored without it from now on; restoration: of a consent that was withdrawn',
  }),
  subject: z.string().min(1).max(500).meta({
    description:
      'The identifier as it is sent in `subject`. A pseudonym finds the person too, in both forms, except within texts',
  }),
  reason: z
    .string()
    .max(2000)
    .refine(...namesNobody)
    .optional()
    .meta({ description: 'Kept with the request: do not name the person in it' }),
});

const file = z.object({
  name: z.string(),
  rows: z.number().int(),
  bytes: z.number().int(),
  sha256: z.string(),
  url: z.string(),
});

const shownRequest = z.object({
  id: uuid,
  kind: z.enum(REQUEST_KINDS),
  subject: z.string().meta({ description: 'The pseudonym: the plain value is forgotten when the request is completed' }),
  reason: z.string().nullable(),
  status: z.enum(['queued', 'running', 'blocked', 'completed', 'superseded']).meta({
    description:
      'blocked: the last attempt failed, and is repeated; `reason_blocked` says why. superseded: a request for access that an erasure of the same person has ended',
  }),
  reason_blocked: z.string().optional().meta({ description: 'Why the last attempt failed' }),
  progress: z.number().int().meta({ description: '0 to 100' }),
  created_at: z.iso.datetime(),
  due_at: z.iso.datetime(),
  completed_at: z.iso.datetime().nullable(),
  bundle: z.object({ files: z.array(file), expires_at: z.iso.datetime() }).optional(),
  certificate: z.record(z.string(), z.unknown()).optional(),
  in_review: z.number().int().optional().meta({
    description: 'Refused input that only people could judge when the request was completed; see listPrivacyReviews',
  }),
  superseded_by: uuid.optional().meta({ description: 'The erasure that ended it' }),
});

const params = z.object({ id: uuid });

/** Requests that people may make about their data (LGPD art. 18), sent by the tenant on their behalf. */
export function mountPrivacyRequests(api: Api, deps: Deps, queues: Queues): void {
  route(
    api,
    deps,
    {
      ...privacyRequestSpecs.create,
      method: 'post',
      path: '/v1/privacy/requests',
      scopes: ['tenant-admin'],
      body: input,
      status: 202,
      answer: shownRequest,
    },
    async ({ identity, actor, body: { kind, subject, reason = null } }) => {
      const types = await deps.types.fresh(identity.tenantId);
      // A pseudonym stands for itself.
      const isPseudonym = PSEUDONYM.test(subject);
      const personHash = isPseudonym ? subject : types.pseudonym(subject);
      const atOnce = { withdrawal: withdrawSubject, restoration: restoreSubject, access: undefined, erasure: undefined }[kind];
      const made = await withTenant(
        deps.pool,
        identity.tenantId,
        async (client) => {
          // Of a pseudonym the plain identifier is not known, which the key of withdrawals would hash.
          const lasting = isPseudonym ? personHash : types.withdrawalHash(subject);
          await atOnce?.(client, { lasting, pseudonym: personHash });
          const person = atOnce ? null : subject;
          const lastingHash = atOnce ? lasting : null;
          return createPrivacyRequest(client, identity.tenantId, { kind, person, personHash, lastingHash, reason });
        },
        actor,
      );
      if (atOnce) deps.types.forget(identity.tenantId);
      else queues.enqueue('serve-privacy-requests');
      return { body: shown(made), headers: { location: `/v1/privacy/requests/${made.id}` } };
    },
  );

  route(
    api,
    deps,
    {
      ...privacyRequestSpecs.list,
      method: 'get',
      path: '/v1/privacy/requests',
      scopes: ['tenant-admin'],
      query: pageQuery,
      status: 200,
      answer: z.object({ data: z.array(shownRequest), next_cursor: z.string().nullable() }),
    },
    async ({ identity, query, request }) => {
      const before = query.cursor === undefined ? undefined : decodeCursor(query.cursor, CURSOR.uuid)[0];
      const rows = await withTenant(deps.pool, identity.tenantId, (client) => listPrivacyRequests(client, before, query.limit));
      return page(request, rows.map(shown), rows.length === query.limit, (row) => encodeCursor(row.id));
    },
  );

  route(
    api,
    deps,
    {
      ...privacyRequestSpecs.get,
      method: 'get',
      path: '/v1/privacy/requests/:id',
      scopes: ['tenant-admin'],
      params,
      status: 200,
      answer: shownRequest,
    },
    async ({ identity, params: { id } }) => {
      const found = await withTenant(deps.pool, identity.tenantId, (client) => findPrivacyRequest(client, id));
      if (!found) throw notFound('privacy request');
      return { body: shown(found) };
    },
  );

  route(
    api,
    deps,
    {
      ...privacyRequestSpecs.file,
      method: 'get',
      path: '/v1/privacy/requests/:id/files/:name',
      scopes: ['tenant-admin'],
      params: params.extend({ name: z.string().regex(/^[a-z-]+\.(json|csv)$/) }),
      status: 200,
      produces: ['application/json', 'text/csv'],
    },
    async ({ identity, params: { id, name }, response }) => {
      const part = (n: number) => withTenant(deps.pool, identity.tenantId, (client) => readBundlePart(client, id, name, n));
      const first = await part(0);
      if (!first) throw notFound('file');
      response.setHeader(
        'content-type',
        name.endsWith('.csv') ? 'text/csv; charset=utf-8; header=present' : 'application/json',
      );
      response.setHeader('content-disposition', `attachment; filename="${name}"`);
      for (let n = 1, content: Buffer | undefined = first; content && !response.destroyed; content = await part(n++)) {
        if (!response.write(content)) await new Promise((done) => response.once('drain', done).once('close', done));
      }
      response.end();
      return undefined;
    },
  );
}

function shown({ outcome, person_hash, blocked, ...given }: PrivacyRequest) {
  const row = { ...given, status: blocked !== null && given.status === 'queued' ? ('blocked' as const) : given.status };
  const base = {
    ...row,
    subject: person_hash,
    ...(row.status === 'blocked' && { reason_blocked: blocked ?? '' }),
    ...(outcome?.in_review !== undefined && { in_review: outcome.in_review }),
  };
  if (row.status === 'superseded') return { ...base, superseded_by: outcome?.superseded_by };
  if (row.status !== 'completed' || !outcome) return base;
  if (!outcome.files) return { ...base, certificate: outcome };
  const files = outcome.files.map((one) => ({ ...one, url: `/v1/privacy/requests/${row.id}/files/${one.name}` }));
  const expiresAt = new Date((row.completed_at as Date).getTime() + BUNDLE_DAYS * 86_400_000);
  return { ...base, bundle: { files, expires_at: expiresAt.toISOString() } };
}
