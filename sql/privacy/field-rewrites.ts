import { createSecretKey } from 'node:crypto';
import { compileFields, type Fields, replaceFields } from '../../lib/json-fields.ts';
import { hideValue, isPseudonym, pseudonym } from '../../lib/pseudonyms.ts';
import { type Client, type Pool, withTenant } from '../database/db.ts';
import { allowLargeDeletes } from '../storage/engine.ts';

/** Progress of the rewrite that puts pseudonyms in the place of stored plain values, in per cent; `rows` and `files` so far. */
export type FieldRewrite = {
  type: string;
  fields: string[];
  rows: number;
  files: number;
  progress: number;
  requested_at: Date;
  completed_at: Date | null;
};

const COLUMNS = 'type, fields, rows, files, progress, requested_at, completed_at';

/** Asks for a rewrite of what is stored of a type; replaces an earlier one. */
export async function requestRewrite(client: Client, tenantId: string, type: string, fields: string[]): Promise<void> {
  await client.query(
    `insert into app.field_rewrites (tenant_id, type, fields) values ($1, $2, $3)
     on conflict (tenant_id, type) do update
       set fields = excluded.fields, rows = 0, files = 0, progress = 0, requested_at = now(), completed_at = null`,
    [tenantId, type, fields],
  );
}

/** The newest rewrites of some of the tenant's types. */
export async function findRewrites(client: Client, types: string[]): Promise<FieldRewrite[]> {
  const { rows } = await client.query<FieldRewrite>(`select ${COLUMNS} from app.field_rewrites where type = any ($1)`, [types]);
  return rows;
}

/** Whether events of the type are stored, counted or archived. */
export async function isCounted(client: Client, type: string): Promise<boolean> {
  const { rowCount } = await client.query(
    'select from app.events_daily where type = $1 union all select from app.archive_files where type = $1 limit 1',
    [type],
  );
  return (rowCount ?? 0) > 0;
}

/** `asked` is `requested_at` to the microsecond. */
export type DueRewrite = FieldRewrite & { tenant_id: string; asked: string };

/** Other processes receive events by the version before for some seconds. */
const SETTLED = "interval '10 seconds'";

/** Rewrites that are not completed, the oldest first. */
export async function dueRewrites(pool: Pool): Promise<DueRewrite[]> {
  const { rows } = await pool.query<DueRewrite>(
    `select tenant_id, ${COLUMNS}, requested_at::text as asked from private.field_rewrites
     where completed_at is null and requested_at <= now() - ${SETTLED} order by requested_at, tenant_id, type`,
  );
  return rows;
}

/** Records what was rewritten. Does nothing if the rewrite was requested again in the meantime. */
export async function noteRewrite(
  pool: Pool | Client,
  { tenant_id, type, asked }: DueRewrite,
  done: { rows?: number; files?: number; progress: number },
): Promise<void> {
  await pool.query(
    `update private.field_rewrites set rows = rows + $4, files = files + $5, progress = $6, completed_at = case when $6 = 100 then now() end
     where tenant_id = $1 and type = $2 and requested_at = $3::timestamptz`,
    [tenant_id, type, asked, done.rows ?? 0, done.files ?? 0, done.progress],
  );
}

/**
 * Returns a function that puts pseudonyms in the place of the plain values of an event's `data`; undefined where there are none.
 * Doing it twice changes nothing.
 */
export async function hiderOf(pool: Pool, { tenant_id, fields }: DueRewrite): Promise<(data: string) => string | undefined> {
  // As door.pseudonym_key() does for the API: after a destroyed key comes a new one.
  await pool.query(
    `insert into private.pseudonym_keys (tenant_id, key)
     values ($1, sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))) on conflict (tenant_id) do nothing`,
    [tenant_id],
  );
  const { rows } = await pool.query<{ key: Buffer }>('select key from private.pseudonym_keys where tenant_id = $1', [
    tenant_id,
  ]);
  const key = createSecretKey((rows[0] as { key: Buffer }).key);
  const of = (value: string) => pseudonym(key, value);
  const hidden = compileFields(fields) as Fields;
  const hide = (source: string) => (isPseudonym(source) ? source : hideValue(source, of));
  return (data) => {
    const text = replaceFields(data, hidden, hide, Number.POSITIVE_INFINITY);
    return text === data ? undefined : text;
  };
}

const PAGE = 1_000;

/** Rewrites stored events of one table, some at a time. Returns how many after each. */
export async function* rewriteStored(
  pool: Pool,
  { tenant_id, type }: DueRewrite,
  hide: (data: string) => string | undefined,
  table = 'private.events',
): AsyncGenerator<number> {
  let after = ['-infinity', '00000000-0000-0000-0000-000000000000'];
  for (;;) {
    const page = await withTenant(
      pool,
      tenant_id,
      async (client) => {
        const { rows } = await client.query<{ time: string; id: string; data: string }>(
          `select time::text, id, data::text from ${table}
           where tenant_id = $1 and type = $2 and data is not null and (time, id) > ($3::timestamptz, $4::uuid)
           order by time, id limit ${PAGE}`,
          [tenant_id, type, ...after],
        );
        const changed = rows.flatMap(({ time, id, data }) => {
          const hidden = hide(data);
          return hidden === undefined ? [] : [{ time, id, data: hidden }];
        });
        if (changed.length > 0) await replaceData(client, tenant_id, table, changed);
        return { changed: changed.length, last: rows.length < PAGE ? undefined : rows.at(-1) };
      },
      'login',
    );
    yield page.changed;
    if (!page.last) return;
    after = [page.last.time, page.last.id];
  }
}

async function replaceData(
  client: Client,
  tenantId: string,
  table: string,
  rows: { time: string; id: string; data: string }[],
): Promise<void> {
  // An update of rows in the columnstore reads as many of them as a delete does.
  await allowLargeDeletes(client);
  await client.query(
    `update ${table} e set data = n.data from unnest($2::timestamptz[], $3::uuid[], $4::jsonb[]) n (time, id, data)
     where e.tenant_id = $1 and e.time = n.time and e.id = n.id
       and e.time between (select min(t) from unnest($2::timestamptz[]) t) and (select max(t) from unnest($2::timestamptz[]) t)`,
    [tenantId, rows.map(({ time }) => time), rows.map(({ id }) => id), rows.map(({ data }) => data)],
  );
}
