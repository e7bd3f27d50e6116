import { nothingErased, type PersonalPlace, type SubjectRecord, sizeOf } from '../privacy/place.ts';

const PAGE = 1_000;
const ABOUT = `(d.before ->> 'subject' in ($2, $3) or d.after ->> 'subject' in ($2, $3)
    or d.before ->> 'student_id' in ($2, $3) or d.after ->> 'student_id' in ($2, $3)
    or position($3 in coalesce(d.before::text, '') || coalesce(d.after::text, '')) > 0)`;

/** Differences of runs as a place of personal data. The bodies of documents are a place of their own (jobs/imports/erase.ts). */
export const importDifferences: PersonalPlace = {
  name: 'imports',
  tables: ['imports', 'import_differences'],
  columns: ['run_id', 'kind', 'key', 'before', 'after'],
  async *find(client, { tenantId, subject, hash }) {
    let after = ['00000000-0000-0000-0000-000000000000', 0];
    for (;;) {
      const { rows } = await client.query<SubjectRecord & { run_id: string; number: number }>(
        `select jsonb_build_object('run_id', d.run_id, 'kind', d.kind, 'key', d.row_key, 'before', d.before, 'after', d.after)::text as json,
             jsonb_build_array(d.run_id, d.kind, d.row_key, d.before::text, d.after::text) as cells, d.run_id, d.number
         from private.import_differences d
         where d.tenant_id = $1 and ${ABOUT} and (d.run_id, d.number) > ($4::uuid, $5::bigint) order by d.run_id, d.number limit ${PAGE}`,
        [tenantId, subject, hash, ...after],
      );
      if (rows.length > 0) yield rows;
      const last = rows.at(-1);
      if (!last || rows.length < PAGE) return;
      after = [last.run_id, last.number];
    }
  },
  async erase(client, { tenantId, subject, hash }) {
    const searched = await sizeOf(client, tenantId, 'import_differences', 'octet_length(concat(before, after))');
    const { rowCount } = await client.query(`delete from private.import_differences d where d.tenant_id = $1 and ${ABOUT}`, [
      tenantId,
      subject,
      hash,
    ]);
    const removed = rowCount ?? 0;
    return { ...nothingErased(), searched, found: removed, removed };
  },
};
