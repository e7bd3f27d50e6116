import type { PersonalPlace, SubjectRecord } from '../privacy/place.ts';

const HAS_FILES = "(status = 'completed' or (status = 'running' and settled_at is not null))";

/**
 * Files of exports. Whose rows one holds would have to be read out of each, so all of the tenant's go that were cut before the person's events
 * went. To be erased last, and again once the archive is without the person, so that what is read from then on is read without it.
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
    const { rowCount } = await client.query(
      `update private.export_jobs
       set status = case status when 'completed' then 'deleted' else 'failed' end, error = 'person-erased', erased_for = $2, claim = null,
           ended_at = now(), deleted_at = now()
       where tenant_id = $1 and dataset <> 'metrics' and ${HAS_FILES}`,
      [tenantId, hash],
    );
    return { removed: rowCount ?? 0, hours: 0 };
  },
};
