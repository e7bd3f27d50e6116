import type { Described } from '../http/operation.ts';

const RULE = {
  id: '5c78b235-6bd8-4498-bae1-bd92208f688b',
  tenant_id: null,
  type: null,
  tier: 'standard',
  keep_days: 730,
};
const OWN_RULE = {
  id: '01a228f4-6f0e-7aa3-9c1e-2b8d1f3f5a10',
  tenant_id: '01a228f4-5595-7155-9a06-57b71e520445',
  type: 'com.example.order.placed.v1',
  tier: 'long',
  keep_days: 1825,
};

const tag = 'Archive';

export const archiveSpecs = {
  listRules: {
    operationId: 'listArchiveRules',
    tag,
    summary: 'List the rules of the archive',
    description:
      'Returns for how many days raw events are kept in the archive, by tenant and type; the default rule comes first. It needs a key of the operator with the scope admin. The rule that names both tenant and type wins over one that names only one of them.',
    example: { answer: { data: [RULE, OWN_RULE] } },
  },
  setRule: {
    operationId: 'setArchiveRule',
    tag,
    summary: 'Create or change a rule of the archive',
    description:
      'Sets the rule of a tenant and type, or the default where both are null. It needs a key of the operator with the scope admin. Reads follow the rule at once; the next run of the retention job deletes files that have expired.',
    problems: ['not-found'],
    example: {
      body: { tenant_id: OWN_RULE.tenant_id, type: OWN_RULE.type, tier: OWN_RULE.tier, keep_days: OWN_RULE.keep_days },
      answer: OWN_RULE,
    },
  },
  deleteRule: {
    operationId: 'deleteArchiveRule',
    tag,
    summary: 'Delete a rule of the archive',
    description:
      'Deletes one rule; what it covered then follows the next wider rule. It needs a key of the operator with the scope admin. The default rule can be changed but not deleted: asking for that is answered with 404.',
    problems: ['not-found'],
    example: { params: { id: OWN_RULE.id } },
  },
  listFiles: {
    operationId: 'listArchiveFiles',
    tag,
    summary: 'List archive files',
    description:
      'Returns the archive files of the key’s own tenant, newest day first. It needs a key with the scope read or tenant-admin. `GET /v1/events` and exports read these files together with the database, so that no client has to open one.',
    example: {
      query: { limit: '20' },
      answer: {
        data: [
          {
            id: '01a228f4-5796-72e7-8998-5c557d626ccb',
            type: 'com.example.order.placed.v1',
            day: '2026-10-01',
            name: 'archive/events/tenant=01a228f4-5595-7155-9a06-57b71e520445/event_type=com.example.order.placed.v1/day=2026-10-01/01a228f4-5796-72e7-8998-5c557d626ccb.parquet',
            rows: 2,
            bytes: 2277,
            sha256: 'c273c39d911247be85c0017634e18a086b3f6833a79e7b6383344c465e9c2f85',
            digest: '9275604912502772455 1141535191504600835',
            first_time: '2026-10-01T23:33:59.999Z',
            last_time: '2026-10-01T23:46:59.999Z',
            written_at: '2026-11-29T20:17:11.582Z',
          },
        ],
        next_cursor: null,
      },
    },
  },
} satisfies Record<string, Described>;
