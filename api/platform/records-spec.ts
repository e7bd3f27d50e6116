import type { Described } from '../http/operation.ts';

const tag = 'Platform';

export const recordSpecs = {
  drills: {
    operationId: 'listRestoreDrills',
    tag,
    summary: 'List restore drills',
    description:
      'Returns the last restore drills, newest first: how long backup and restore took and what was compared. It needs a key of the operator with the scope admin.',
    example: {
      query: { limit: '10' },
      answer: {
        data: [
          {
            started_at: '2026-11-29T03:00:00.000Z',
            ended_at: '2026-11-29T03:04:10.000Z',
            kind: 'dump',
            passed: true,
            backup_seconds: 61.2,
            restore_seconds: 149.8,
            bytes: 73400320,
            tables: 61,
            records: 1204511,
            figures: 12,
            detail: null,
          },
        ],
      },
    },
  },
  archiveRuns: {
    operationId: 'listArchiveRuns',
    tag,
    summary: 'List runs of the archive',
    description:
      'Returns the last runs that moved raw events into the archive, newest first. It needs a key of the operator with the scope admin. Contents and names of event types are not in it.',
    example: {
      query: { limit: '10' },
      answer: {
        data: [
          {
            started_at: '2026-11-29T02:10:00.000Z',
            ended_at: '2026-11-29T02:10:42.000Z',
            boundary: '2026-08-31T00:00:00.000Z',
            files: 14,
            rows: 402113,
            bytes: 18350080,
            removed: 1,
            failed: false,
          },
        ],
      },
    },
  },
  audits: {
    operationId: 'listIsolationAudits',
    tag,
    summary: 'List audits of the isolation',
    description:
      'Returns the last audits, newest first: the platform attacks itself every hour as each login that can send SQL. It needs a key of the operator with the scope admin. Any finding is an incident.',
    example: {
      query: { limit: '10' },
      answer: {
        data: [{ ran_at: '2026-11-29T20:05:00.000Z', attempts: 912, foreign_rows: 0, dead: 0, findings: [] }],
      },
    },
  },
} satisfies Record<string, Described>;
