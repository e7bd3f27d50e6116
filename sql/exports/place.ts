import { nothingErased, type PersonalPlace, type SubjectRecord } from '../privacy/place.ts';

const HAS_FILES = "(status = 'completed' or (status = 'running' and settled_at is not null))";

/**
 * Export files as a place of personal data. Only reading each file would tell whose rows it holds. So an erasure removes all of
 * the tenant's files that were made before the person's events were erased. Erase this place last, and again once the archive no
 * longer holds the person, so that later reads do not contain the person.
 */
export const exportFiles: PersonalPlace = {
  name: 'exports',
  tables: ['export_jobs', 'export_files'],
  columns: ['id', 'created_at', 'from', 'to', 'expires_at'],
  async *find(client, { tenantId }) {
    const { rows } = await client.query<SubjectRecord>(
      `select jsonb_build_object('id', id, 'created_at', created_at, 'from', window_from, 'to', window_to, 'expires_at', expires_at)::text
               as json,
           jsonb_build_array(id, created_at, window_from, window_to, expires_at) as cells
       from private.export_jobs where tenant_id = $1 and dataset <> 'metrics' and ${HAS_FILES} order by id`,
      [tenantId],
    );
    if (rows.length > 0) yield rows;
  },
  async erase(client, { tenantId, hash }) {
    const { rows } = await client.query<{ rows: number; files: number; bytes: number }>(
      `select (select count(*) from private.export_jobs where tenant_id = $1) as rows, count(*) as files, coalesce(sum(bytes), 0) as bytes
       from private.export_files where tenant_id = $1 and object is not null`,
      [tenantId],
    );
    const searched = rows[0] ?? { rows: 0, files: 0, bytes: 0 };
    const { rowCount } = await client.query(
      `update private.export_jobs
       set status = case status when 'completed' then 'deleted' else 'failed' end, error = 'person-erased', erased_for = $2, claim = null,
           ended_at = now(), deleted_at = now()
       where tenant_id = $1 and dataset <> 'metrics' and ${HAS_FILES}`,
      [tenantId, hash],
    );
    const removed = rowCount ?? 0;
    return { ...nothingErased(), searched, found: removed, removed };
  },
};
