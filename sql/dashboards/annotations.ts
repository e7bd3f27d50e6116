import { v7 as uuidv7 } from 'uuid';
import type { Client } from '../database/db.ts';

/** Annotations of one tenant. Two requests at the same moment may pass it by one. */
export const MAX_ANNOTATIONS = 5_000;

/** What a tenant noted of a moment. */
export type Annotation = { id: string; time: Date; text: string; dashboard: string | null; created_at: Date };

const COLUMNS = 'id, time, text, dashboard, created_at';

/** Notes something for the tenant of this transaction; undefined where it has as many annotations as it may have. */
export async function createAnnotation(
  client: Client,
  tenantId: string,
  { time, text, dashboard }: Pick<Annotation, 'text' | 'dashboard'> & { time: string },
): Promise<Annotation | undefined> {
  const { rows } = await client.query<Annotation>(
    `insert into app.annotations (id, tenant_id, time, text, dashboard, created_at)
     select $1, $2, $3, $4, $5, now() where (select count(*) from app.annotations) < $6::bigint
     returning ${COLUMNS}`,
    [uuidv7(), tenantId, time, text, dashboard, MAX_ANNOTATIONS],
  );
  return rows[0];
}

/** Which annotations are asked for: those of a window, and those that one dashboard shows. */
export type AnnotationFilter = { from?: string | undefined; to?: string | undefined; dashboard?: string | undefined };

/** Annotations of the tenant of this transaction, in the order in which they were made. */
export async function listAnnotations(
  client: Client,
  { from, to, dashboard }: AnnotationFilter,
  after: string | undefined,
  limit: number,
): Promise<Annotation[]> {
  const { rows } = await client.query<Annotation>(
    `select ${COLUMNS} from app.annotations
     where ($1::timestamptz is null or time >= $1) and ($2::timestamptz is null or time < $2)
         and ($3::text is null or dashboard is null or dashboard = $3) and ($4::uuid is null or id > $4)
     order by id limit $5`,
    [from ?? null, to ?? null, dashboard ?? null, after ?? null, limit],
  );
  return rows;
}

/** Deletes an annotation. False where the tenant of this transaction has no such one. */
export async function deleteAnnotation(client: Client, id: string): Promise<boolean> {
  const { rowCount } = await client.query('delete from app.annotations where id = $1', [id]);
  return rowCount === 1;
}
