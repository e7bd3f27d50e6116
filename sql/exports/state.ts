import type { Pool } from '../database/db.ts';
import { EXPORT_STATUSES, type ExportStatus } from './jobs.ts';

export type ExportState = { status: ExportStatus; exports: number; failing: number };

/** Exports of all tenants by status, without those of canaries. */
export async function readExportStates(ops: Pool): Promise<ExportState[]> {
  const { rows } = await ops.query<ExportState>(
    `select s.status, coalesce(sum(e.exports), 0) as exports, coalesce(sum(e.failing), 0) as failing
     from unnest($1::text[]) s (status)
         left join (ops.exports e join ops.tenants t on t.id = e.tenant_id and t.kind <> 'canary') on e.status = s.status
     group by s.status`,
    [EXPORT_STATUSES],
  );
  return rows;
}
