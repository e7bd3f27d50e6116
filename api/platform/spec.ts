import type { Described } from '../http/operation.ts';

const tag = 'Platform';

export const platformSpecs = {
  live: {
    operationId: 'getLiveness',
    tag,
    summary: 'Check that the process runs',
    description:
      'Answers 200 as long as the process serves requests, whether or not the database is there. No key is needed. Restart the process where this call does not answer.',
    example: { answer: { status: 'ok', checks: {} } },
  },
  ready: {
    operationId: 'getReadiness',
    tag,
    summary: 'Check that requests can be served',
    description:
      'Answers 200 if the database is there and 503 with the same body if not, within a second. No key is needed. `degraded` means that a queue is not being worked on or that the audit of tenant isolation failed or is overdue; requests are served all the same.',
    example: {
      answer: {
        status: 'ok',
        checks: {
          database: { status: 'ok', engine: 'postgresql' },
          watermark: { status: 'ok', at: '2026-11-29T20:17:13.218Z' },
          'queue:rollups': { status: 'ok', heartbeat_age_s: 4, waiting: 0, active: 1, delayed: 0, failed: 0 },
          isolation: { status: 'ok', age_s: 912 },
        },
      },
    },
  },
  deadLetters: {
    operationId: 'listDeadLetters',
    tag,
    summary: 'List jobs that failed',
    description:
      'Returns the jobs of all queues that failed and are not tried again. It needs a key of the operator with the scope admin. `/ops/queues` shows the same queues as a page, where a job can be started again.',
    example: {
      query: { limit: '20' },
      answer: {
        data: [
          {
            queue: 'exports',
            id: '1042',
            name: 'run-exports',
            reason: 'connect ECONNREFUSED 10.0.0.7:9000',
            attempts: 5,
            failed_at: '2026-11-29T19:02:11.904Z',
          },
        ],
      },
    },
  },
} satisfies Record<string, Described>;
