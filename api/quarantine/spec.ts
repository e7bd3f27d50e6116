import type { Described } from '../http/operation.ts';

const ROW = {
  id: '01a228f4-5a0b-7100-b6b2-a86d51e96fbc',
  received_at: '2026-11-29T20:17:12.203Z',
  status: 'quarantined',
  code: 'too-old',
  detail: 'The time is before the retention of raw events.',
  pointer: '/time',
  type: 'com.example.order.placed.v1',
  replayed_at: null,
  raw: '{"type":"com.example.order.placed.v1","time":"1999-01-01T00:00:00Z"}',
};

const tag = 'Quarantine';

export const quarantineSpecs = {
  list: {
    operationId: 'listQuarantine',
    tag,
    summary: 'List quarantined input',
    description:
      'Returns what the key’s own tenant sent and was refused, newest first, each with the reason and the input as it was sent. It needs a key with the scope tenant-admin. A page ends early at about 8 MiB; `next_cursor` leads on.',
    example: {
      query: { 'filter[code]': 'too-old', from: '2026-11-29T00:00:00Z', limit: '20' },
      answer: { data: [ROW], next_cursor: null },
    },
  },
  replay: {
    operationId: 'replayQuarantine',
    tag,
    summary: 'Replay quarantined events',
    description:
      'Judges refused events again, for instance after their schema was mended, and stores those that are accepted now. It needs a key with the scope tenant-admin. With `dry_run` nothing is stored. One call takes the newest matches, about 8 MiB at most, oldest of them first; what was stored is not replayed again.',
    problems: ['quota-exceeded'],
    example: {
      body: { filter: { code: 'too-old' }, dry_run: true, limit: 100 },
      answer: {
        dry_run: true,
        received: 2,
        accepted: 1,
        duplicates: 0,
        conflicts: 0,
        quarantined: 1,
        rejected: 0,
        items: [
          { index: 0, id: 'order-1', status: 'accepted', quarantine_id: '01a228f4-5ac8-71d0-b6da-1d5a608f3c14' },
          {
            index: 1,
            status: 'quarantined',
            code: 'too-old',
            detail: 'The time is before the retention of raw events.',
            pointer: '/time',
            id: null,
            quarantine_id: ROW.id,
          },
        ],
      },
    },
  },
} satisfies Record<string, Described>;
