import type { Described } from '../http/operation.ts';

const TIME = '2026-11-29T20:17:13.162Z';
const ONE = {
  type: 'com.example.order.placed.v1',
  source: 'shop',
  id: 'order-1',
  time: TIME,
  data: { duration_ms: 42, outcome: 'success' },
};
const TWO = { ...ONE, id: 'order-2', data: { duration_ms: 57, outcome: 'failure' } };
const line = JSON.stringify;

const tag = 'Events';

export const eventSpecs = {
  send: {
    operationId: 'sendEvents',
    tag,
    summary: 'Send events',
    description:
      'Takes one event or a batch, as CloudEvents 1.0, and answers after what was accepted is stored. It needs a key with the scope ingest; the tenant is the key’s. The five counts of the receipt always sum to `received`; refused events are kept in quarantine. 422 has the same body and means that none was accepted, duplicate or quarantined. Send at most 1,000 events and 5 MiB in one request, 64 KiB an event, unless the platform is set otherwise.',
    problems: ['empty-batch', 'invalid-encoding', 'quota-exceeded'],
    example: {
      body: [ONE, TWO],
      bodies: {
        'application/cloudevents+json': { specversion: '1.0', ...ONE },
        'application/cloudevents-batch+json': [{ specversion: '1.0', ...ONE }],
        'application/x-ndjson': `${line(ONE)}\n${line(TWO)}\n`,
      },
      answer: {
        received: 2,
        accepted: 1,
        duplicates: 1,
        conflicts: 0,
        quarantined: 0,
        rejected: 0,
        warnings: [],
        items: [{ index: 1, id: 'order-2', status: 'duplicate' }],
      },
    },
  },
  list: {
    operationId: 'listEvents',
    tag,
    summary: 'List raw events',
    description:
      'Returns raw events of the key’s own tenant, newest first, archived ones among them. It needs a key with the scope read. A page ends early at about 8 MiB, and with a filter after 50,000 events, and may even be empty while `next_cursor` leads on. Filters are type, source, subject, outcome and marketplace; one that is sent several times matches any of its values. Where the subject is stored as a pseudonym, `filter[subject]` takes the plain value too.',
    example: {
      query: { 'filter[type]': ONE.type, from: '2026-11-29T00:00:00Z', to: '2026-11-30T00:00:00Z', limit: '20' },
      answer: {
        data: [{ specversion: '1.0', ...ONE }],
        next_cursor: 'WyIyMDI2LTExLTI4IDA5OjMzOjExLjA4MyswMCIsImZlNWY1Y2RlLTlmYmYtNDAwNy1hZTQ1LTk2YTJhNjRmODdhMCJd',
      },
    },
  },
  live: {
    operationId: 'streamEvents',
    tag,
    summary: 'Stream events as they arrive',
    description:
      'Sends each event of the key’s own tenant, or those that match the filters of `GET /v1/events`, when it is stored, in the order of receipt, until the reader leaves or the key ends. It needs a key with the scope read, or a session. `data` is an item of `GET /v1/events`, `id` an offset: a reader that comes back with it as `Last-Event-ID` goes on there, for about a minute. `event: gap` says that events were left out, because the reader was slow or away for too long; `GET /v1/events` has them. A comment follows every 15 s. An event that another process of the platform received more than five minutes after its `time` may be missing.',
    problems: ['too-many-streams'],
    example: {
      query: { 'filter[type]': ONE.type },
      texts: {
        'text/event-stream': `event: event\nid: WyIyMDI2LTExLTI5IDIwOjE3OjEzLjIwMTI0MyswMCIsIjAxYTIyOGY0LTVhMGItNzEwMC1iNmIyLWE4NmQ1MWU5NmZiYyJd\ndata: ${line({ specversion: '1.0', ...ONE })}\n\n`,
      },
    },
  },
} satisfies Record<string, Described>;
