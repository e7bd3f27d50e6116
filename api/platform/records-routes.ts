import { z } from 'zod';
import { listArchiveRuns } from '../../sql/archive/runs.ts';
import { listAudits } from '../../sql/audit/isolation-audits.ts';
import { listDrills } from '../../sql/platform/restore-drills.ts';
import type { Deps } from '../http/deps.ts';
import { route } from '../http/route.ts';
import type { Api } from '../http/types.ts';
import { recordSpecs } from './records-spec.ts';

const query = z.object({ limit: z.coerce.number().int().min(1).max(1000).default(30) });
const listed = { method: 'get', scopes: ['admin'], query, status: 200 } as const;

const drill = z.object({
  started_at: z.iso.datetime(),
  ended_at: z.iso.datetime().nullable(),
  kind: z.enum(['dump', 'copy']).meta({ description: 'A dump, or a copy of the running server’s files' }),
  passed: z.boolean().nullable(),
  backup_seconds: z.number().nullable(),
  restore_seconds: z.number().nullable(),
  bytes: z.number().nullable(),
  tables: z.number().int().nullable(),
  records: z.number().int().nullable(),
  figures: z.number().int().nullable(),
  detail: z.string().nullable(),
});

const archiveRun = z.object({
  started_at: z.iso.datetime(),
  ended_at: z.iso.datetime().nullable(),
  boundary: z.iso.datetime().nullable().meta({ description: 'Events before it leave the database' }),
  files: z.number().int().meta({ description: 'Number of files written' }),
  rows: z.number().int(),
  bytes: z.number().int(),
  removed: z.number().int().meta({ description: 'How many parts of the table left the database' }),
  failed: z.boolean().meta({ description: 'Whether it ended with an error, which the log has' }),
});

const audit = z.object({
  ran_at: z.iso.datetime().meta({ description: 'When it ran' }),
  attempts: z.number().int().meta({ description: 'Number of attacks' }),
  foreign_rows: z
    .number()
    .int()
    .meta({ description: 'Attacks that reached what they should not have; more than none is an incident' }),
  dead: z.number().int().meta({ description: 'Attacks that proved nothing' }),
  findings: z
    .array(
      z.object({
        attack: z.string().meta({ description: 'Name of the attack' }),
        login: z.string().meta({ description: 'As whom it was tried' }),
        what: z.string().meta({ description: 'What became of it' }),
      }),
    )
    .meta({ description: 'What was found' }),
});

/** What the platform has noted of its own work: restore drills, runs of the archive, audits of the isolation. */
export function mountRecords(api: Api, deps: Deps): void {
  route(
    api,
    deps,
    { ...recordSpecs.drills, ...listed, path: '/ops/restore-drills', answer: z.object({ data: z.array(drill) }) },
    async ({ query: { limit } }) => ({ body: { data: await listDrills(deps.ops, limit) } }),
  );

  route(
    api,
    deps,
    { ...recordSpecs.archiveRuns, ...listed, path: '/ops/archive-runs', answer: z.object({ data: z.array(archiveRun) }) },
    async ({ query: { limit } }) => ({ body: { data: await listArchiveRuns(deps.ops, limit) } }),
  );

  route(
    api,
    deps,
    { ...recordSpecs.audits, ...listed, path: '/ops/isolation-audits', answer: z.object({ data: z.array(audit) }) },
    async ({ query: { limit } }) => ({ body: { data: await listAudits(deps.ops, limit) } }),
  );
}
