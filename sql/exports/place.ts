import type { Client } from '../database/db.ts';
import { type Erased, nothingErased, type Person, type PersonalPlace, type SubjectRecord } from '../privacy/place.ts';

const HAS_FILES = "(status = 'completed' or (status = 'running' and settled_at is not null))";

// An export of the person alone. Another one holds many people, so it is nobody's copy.
const OF_PERSON = `tenant_id = $1 and jsonb_path_exists(filter, '$.subject[*] ? (@ == $subject || @ == $hash)',
    jsonb_build_object('subject', $2::text, 'hash', $3::text))`;

/**
 * Export files as a place of personal data. Only reading each file would tell whose rows it holds. So an erasure removes all of
 * the tenant's files that were made before the person's events were erased. Erase this place last, and again once the archive no
 * longer holds the person, so that later reads do not contain the person.
 */
export const exportFiles: PersonalPlace = {
  name: 'exports',
  tables: ['export_jobs', 'export_files'],
  columns: ['id', 'created_at', 'from', 'to', 'expires_at'],
  async *find(client, { tenantId, subject, hash }) {
    const { rows } = await client.query<SubjectRecord>(
      `select jsonb_build_object('id', id, 'created_at', created_at, 'from', window_from, 'to', window_to, 'expires_at', expires_at)::text
               as json,
           jsonb_build_array(id, created_at, window_from, window_to, expires_at) as cells
       from private.export_jobs where ${OF_PERSON} order by id`,
      [tenantId, subject, hash],
    );
    if (rows.length > 0) yield rows;
  },
  async erase(client, person) {
    const { tenantId, subject, hash } = person;
    const searched = await client.query<Erased['searched']>(
      `select (select count(*) from private.export_jobs where tenant_id = $1) as rows, count(*) as files, coalesce(sum(bytes), 0) as bytes
       from private.export_files where tenant_id = $1 and object is not null`,
      [tenantId],
    );
    const { rowCount } = await client.query(
      `update private.export_jobs set filter = replace(filter::text, to_jsonb($2::text)::text, to_jsonb($3::text)::text)::jsonb
       where ${OF_PERSON} and position(to_jsonb($2::text)::text in filter::text) > 0`,
      [tenantId, subject, hash],
    );
    const [removed, changed] = [await eraseExports(client, person, "dataset <> 'metrics'"), rowCount ?? 0];
    const [read = nothingErased().searched] = searched.rows;
    return { ...nothingErased(), searched: read, found: removed + changed, removed, changed };
  },
};

/** Removes the tenant's files of metrics, for a person who was in a dimension. Returns how many exports. */
export const eraseMetricExports = (client: Client, person: Person) => eraseExports(client, person, "dataset = 'metrics'");

async function eraseExports(client: Client, { tenantId, hash }: Person, which: string): Promise<number> {
  const { rowCount } = await client.query(
    `update private.export_jobs
     set status = case status when 'completed' then 'deleted' else 'failed' end, error = 'person-erased', erased_for = $2, claim = null,
         ended_at = now(), deleted_at = now()
     where tenant_id = $1 and ${which} and ${HAS_FILES}`,
    [tenantId, hash],
  );
  return rowCount ?? 0;
}
