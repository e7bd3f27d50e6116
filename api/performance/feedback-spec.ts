import type { Described } from '../http/operation.ts';

const tag = 'Performance';
const FEEDBACK = { service: 'acme/make-an-lpa', rating: 4, comment: 'The last page was slow.' };
const COMMENT = {
  id: '01a228f4-559b-72a3-9c02-e194b6f37879',
  received_at: '2026-11-29T20:17:13.031Z',
  rating: 4,
  locale: 'en',
  comment: FEEDBACK.comment,
};
const params = { slug: 'make-an-lpa' };
const PAGE = '<!doctype html>…';
const address = { tenant: 'acme', service: 'make-an-lpa' };

/** Feedback and its form. */
export const feedbackSpecs = {
  send: {
    operationId: 'sendFeedback',
    tag,
    summary: 'Send feedback on a service',
    description:
      'Stores a rating of a service and, if there is one, a comment, in which e-mail addresses and long numbers are replaced by marks. It needs no key: `service` is `{tenant}/{service}`, and each network may send 30 a minute, fewer while the service is flooded. A front end of the tenant that sends for its visitors uses a key with the scope ingest or tenant-admin: then `service` may be the slug alone, and the limits of the key hold instead. Nothing is stored that says who sent it.',
    problems: ['not-found', 'feedback-limited'],
    example: { body: FEEDBACK, answer: { status: 'accepted' } },
  },
  form: {
    operationId: 'getFeedbackForm',
    tag,
    summary: 'Feedback form of a service',
    description:
      'Shows the form on which people rate a service, in one of its languages: that of `lang`, else of the browser, else the first of the service. It needs no key and no script. The origins in `embed_origins` of the tenant may show it in a frame.',
    problems: ['not-found'],
    example: { params: address, query: { lang: 'cy' }, texts: { 'text/html': PAGE } },
  },
  submit: {
    operationId: 'submitFeedbackForm',
    tag,
    summary: 'Send the feedback form',
    description:
      'What the form sends. It leads to a page that thanks, or shows the form again, with what was typed and what is wrong with it. Programs use `POST /v1/feedback`.',
    problems: ['not-found'],
    example: {
      params: address,
      bodies: { 'application/x-www-form-urlencoded': { rating: '4', comment: '', website: '', stamp: 'mhq1.c2lnbmF0dXJl' } },
      texts: { 'text/html': PAGE },
    },
  },
  thanks: {
    operationId: 'getFeedbackThanks',
    tag,
    summary: 'Page that thanks for feedback',
    description: 'Shown after the feedback form was sent. It needs no key.',
    problems: ['not-found'],
    example: { params: address, texts: { 'text/html': PAGE } },
  },
  comments: {
    operationId: 'listComments',
    tag,
    summary: 'List comments',
    description:
      'Returns the comments on a service of the key’s own tenant, newest first. It needs a key with the scope tenant-admin: comments are personal data. `q` narrows them to those that contain a text, `rating` to one rating.',
    problems: ['not-found'],
    example: { params, query: { q: 'slow' }, answer: { data: [COMMENT], next_cursor: null } },
  },
  redact: {
    operationId: 'removeComment',
    tag,
    summary: 'Remove a comment',
    description:
      'Removes a comment on a service of the key’s own tenant, and keeps its rating. It needs a key with the scope tenant-admin. The audit log says that it was removed, without its text.',
    problems: ['not-found'],
    example: { params: { ...params, id: COMMENT.id } },
  },
} satisfies Record<string, Described>;
