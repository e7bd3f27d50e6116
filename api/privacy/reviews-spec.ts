import type { Described } from '../http/operation.ts';

const REVIEW = {
  id: '01a228f4-6a10-71c2-9a33-2d6a3bb0a111',
  request_id: '01a228f4-5a8f-7268-bac2-7f1f2e0cca5e',
  subject: 'psn_ZgHJWJ--lMYe3WSKX8hSIGeJ',
  quarantine_id: '01a228f4-1b2c-7d10-8e44-0f3a5b7c9d12',
  received_at: '2026-11-29T20:15:02.117Z',
  code: 'invalid-json',
  type: null,
  raw: 'subject=customer-42&plan=gold\nsubject=customer-43&plan=gold\n',
  cuts: [{ from: 0, to: 29 }],
  created_at: '2026-11-29T20:17:12.983Z',
};

const tag = 'Privacy';

export const privacyReviewSpecs = {
  list: {
    operationId: 'listPrivacyReviews',
    tag,
    summary: 'List refused input that people must judge',
    description:
      'Returns refused input of the key’s own tenant that names the person of a privacy request where only people can say whom it is about: text that is not JSON, or an identifier outside the fields that identify people. Newest first; it needs a key with the scope tenant-admin. Nothing of it is delivered or removed until somebody decides, or until the quarantine ends.',
    example: { query: { limit: '20' }, answer: { data: [REVIEW], next_cursor: null } },
  },
  settle: {
    operationId: 'settlePrivacyReview',
    tag,
    summary: 'Decide about refused input',
    description:
      '`keep`: it is not about the person, and is not asked again. `cut-out`: the parts in `cuts` go and the rest stays. `destroy`: all of it goes. It needs a key with the scope tenant-admin, cannot be undone, and is in the audit log.',
    problems: ['not-found', 'cannot-cut-out', 'review-changed'],
    example: {
      params: { id: REVIEW.id },
      body: { decision: 'cut-out' },
      answer: { id: REVIEW.id, decision: 'cut-out', bytes_left: 30 },
    },
  },
} satisfies Record<string, Described>;
