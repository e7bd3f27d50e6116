import { z } from 'zod';
import { withTenant } from '../../sql/database/db.ts';
import { shownRaw } from '../../sql/privacy/quarantine-place.ts';
import {
  cutOut,
  findReview,
  listReviews,
  type PrivacyReview,
  REVIEW_DECISIONS,
  settleReview,
} from '../../sql/privacy/reviews.ts';
import { CURSOR, decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import { conflict, notFound } from '../http/problems.ts';
import { page, pageQuery, route } from '../http/route.ts';
import { uuid } from '../http/schemas.ts';
import type { Api } from '../http/types.ts';
import { privacyReviewSpecs } from './reviews-spec.ts';

const shownReview = z.object({
  id: uuid,
  request_id: uuid.meta({ description: 'The newest privacy request that found it' }),
  subject: z.string().meta({ description: 'The pseudonym of the person' }),
  quarantine_id: uuid,
  received_at: z.iso.datetime(),
  code: z.string(),
  type: z.string().nullable(),
  raw: z.string().nullable().meta({ description: 'What was sent, where it is UTF-8' }),
  raw_base64: z.string().optional().meta({ description: 'What was sent, where it is not UTF-8' }),
  cuts: z
    .array(z.object({ from: z.number().int(), to: z.number().int() }))
    .meta({ description: 'Bytes that name the person, from and up to; none if they cannot be told apart' }),
  created_at: z.iso.datetime(),
});

const settled = z.object({ id: uuid, decision: z.enum(REVIEW_DECISIONS), bytes_left: z.number().int() });

/** Refused input that no program should deliver or destroy by a guess: people of the tenant decide. */
export function mountPrivacyReviews(api: Api, deps: Deps): void {
  route(
    api,
    deps,
    {
      ...privacyReviewSpecs.list,
      method: 'get',
      path: '/v1/privacy/review',
      scopes: ['tenant-admin'],
      query: pageQuery,
      status: 200,
      answer: z.object({ data: z.array(shownReview), next_cursor: z.string().nullable() }),
    },
    async ({ identity, query, request }) => {
      const before = query.cursor === undefined ? undefined : decodeCursor(query.cursor, CURSOR.uuid)[0];
      const rows = await withTenant(deps.pool, identity.tenantId, (client) => listReviews(client, before, query.limit));
      return page(request, rows.map(shown), rows.length === query.limit, (row) => encodeCursor(row.id));
    },
  );

  route(
    api,
    deps,
    {
      ...privacyReviewSpecs.settle,
      method: 'post',
      path: '/v1/privacy/review/:id',
      scopes: ['tenant-admin'],
      params: z.object({ id: uuid }),
      body: z.strictObject({ decision: z.enum(REVIEW_DECISIONS) }),
      status: 200,
      answer: settled,
    },
    async ({ identity, actor, params: { id }, body: { decision } }) => {
      const left = await withTenant(
        deps.pool,
        identity.tenantId,
        async (client) => {
          const review = await findReview(client, id);
          if (!review) throw notFound('review');
          if (decision === 'cut-out' && review.cuts.length === 0)
            throw conflict(
              'cannot-cut-out',
              'Nothing can be cut out of this input',
              'What names the person cannot be told apart from the rest. Keep the input, or destroy it.',
            );
          const rest = decision === 'keep' ? review.raw : decision === 'destroy' ? null : cutOut(review);
          if (!(await settleReview(client, review, decision, rest)))
            throw conflict('review-changed', 'The input has changed, or somebody else has decided');
          return rest?.length ?? 0;
        },
        actor,
      );
      return { body: { id, decision, bytes_left: left } };
    },
  );
}

function shown({ person_hash, raw, cuts, ...row }: PrivacyReview) {
  return { ...row, subject: person_hash, ...shownRaw(raw), cuts: cuts.map(([from, to]) => ({ from, to })) };
}
