import { nothingErased, type PersonalPlace, type SubjectRecord, sizeOf } from '../privacy/place.ts';

const ROW =
  'r.student_id, r.test_id, r.available_points, r.obtained_points, r.date_of_test, r.origins_import_vault, r.updated_on';

/** Results and scans of a student as a place of personal data. The figures of a test are computed from them, so they change with them. */
export const testResults: PersonalPlace = {
  name: 'test-results',
  tables: ['student_test_results', 'test_scans', 'replayed_scans'],
  columns: [
    'student_id',
    'test_id',
    'available_points',
    'obtained_points',
    'date_of_test',
    'origins_import_vault',
    'updated_on',
  ],
  async *find(client, { tenantId, subject, hash }) {
    const { rows } = await client.query<SubjectRecord>(
      `select row_to_json(r)::text as json, jsonb_build_array(${ROW}) as cells
       from (select ${ROW} from private.student_test_results r where r.tenant_id = $1 and r.student_id in ($2, $3)) r order by r.test_id`,
      [tenantId, subject, hash],
    );
    if (rows.length > 0) yield rows;
  },
  async erase(client, { tenantId, subject, hash }) {
    const person = [tenantId, subject, hash];
    const searched = nothingErased().searched;
    for (const table of ['student_test_results', 'test_scans', 'replayed_scans']) {
      searched.rows += (await sizeOf(client, tenantId, table)).rows;
    }
    await client.query('delete from private.replayed_scans where tenant_id = $1 and student_id in ($2, $3)', person);
    await client.query('delete from private.test_scans where tenant_id = $1 and student_id in ($2, $3)', person);
    const { rowCount } = await client.query(
      'delete from private.student_test_results where tenant_id = $1 and student_id in ($2, $3)',
      person,
    );
    const removed = rowCount ?? 0;
    return { ...nothingErased(), searched, found: removed, removed };
  },
};
