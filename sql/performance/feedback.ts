import { v7 as uuidv7 } from 'uuid';
import type { Client, Pool } from '../database/db.ts';
import type { FormLocale } from './services.ts';

/** What the feedback form of a service shows, and which sites may show it in a frame. */
export type FeedbackForm = {
  tenant_id: string;
  tenant: string;
  slug: string;
  name: string;
  locales: FormLocale[];
  embed_origins: string[];
};

/** A rating from 1 (very dissatisfied) to 5 (very satisfied), without anything that says who gave it. */
export type Feedback = { rating: number; locale: string; comment: string | null };

/** A comment as administrators of the tenant read it. */
export type Comment = { id: string; received_at: Date; rating: number; locale: string; comment: string; cursor_time: string };

/** The form of a service, by the slugs of its address; undefined where there is no such service. */
export async function findFeedbackForm(pool: Pool, tenant: string, service: string): Promise<FeedbackForm | undefined> {
  const { rows } = await pool.query<FeedbackForm>('select * from door.feedback_form($1, $2)', [tenant, service]);
  return rows[0];
}

/** Stores feedback. False where the service is gone. */
export async function addFeedback(
  pool: Pool,
  { tenant_id, slug }: Pick<FeedbackForm, 'tenant_id' | 'slug'>,
  { rating, locale, comment }: Feedback,
): Promise<boolean> {
  const { rows } = await pool.query<{ stored: boolean }>('select door.add_feedback($1, $2, $3, $4, $5, $6) as stored', [
    uuidv7(),
    tenant_id,
    slug,
    rating,
    locale,
    comment,
  ]);
  return rows[0]?.stored === true;
}

/** Which comments are asked for: those with a text in them, with a rating, before a place in the list. */
export type CommentFilter = {
  text: string | null;
  rating: number | null;
  before: { time: string; id: string } | null;
  limit: number;
};

/** Comments of a service of the transaction's tenant, newest first. */
export async function listComments(client: Client, service: string, filter: CommentFilter): Promise<Comment[]> {
  const pattern = filter.text === null ? null : `%${filter.text.replace(/[\\%_]/g, '\\$&')}%`;
  const { rows } = await client.query<Comment>('select * from door.comments($1, $2, $3, $4, $5, $6)', [
    service,
    pattern,
    filter.rating,
    filter.before?.time ?? null,
    filter.before?.id ?? null,
    filter.limit,
  ]);
  return rows;
}

/** Removes a comment and keeps its rating. False where the transaction's tenant has no such comment. */
export async function redactComment(client: Client, service: string, id: string): Promise<boolean> {
  const { rows } = await client.query<{ gone: boolean }>('select door.redact_comment($1, $2) as gone', [service, id]);
  return rows[0]?.gone === true;
}

/** Removes the comments that are older than their service keeps them. Returns how many. */
export async function removeOldComments(pool: Pool): Promise<number> {
  const { rowCount } = await pool.query(
    `update private.feedback f set comment = null, redacted_at = now() from private.services s
     where s.tenant_id = f.tenant_id and s.slug = f.service and f.comment is not null
       and f.received_at < now() - make_interval(days => s.comment_retention_days)`,
  );
  return rowCount ?? 0;
}
