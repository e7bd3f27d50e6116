import { isUtf8 } from 'node:buffer';
import type { Client } from '../database/db.ts';
import { ABOUT, AS_CELLS, AS_JSON, EVENT_CELLS } from '../events/event-records.ts';
import { exportFiles } from '../exports/place.ts';
import { keptBecause, OBLIGED } from './obliged.ts';
import { type Erased, nothingErased, type Person, type PersonalPlace, type SubjectRecord } from './place.ts';

const PAGE = 1_000;

const events: PersonalPlace = {
  name: 'events',
  tables: ['events', 'rule_hits', 'events_*', 'latency_*', 'validations_*', 'rules_*', 'corrections_*'],
  columns: EVENT_CELLS,
  async *find(client, { tenantId, subject, hash }) {
    let after: [string, string] = ['-infinity', '00000000-0000-0000-0000-000000000000'];
    for (;;) {
      const { rows } = await client.query<{ json: string; cells: unknown[]; time: string; id: string }>(
        `select ${AS_JSON} as json, ${AS_CELLS} as cells, e.time::text as time, e.id
         from private.events e where ${ABOUT} and (e.time, e.id) > ($4::timestamptz, $5::uuid)
         order by e.time, e.id limit ${PAGE}`,
        [tenantId, subject, hash, ...after],
      );
      if (rows.length > 0) yield rows;
      const last = rows.at(-1);
      if (!last || rows.length < PAGE) return;
      after = [last.time, last.id];
    }
  },
  async erase(client, { tenantId, subject, hash }) {
    const { searched, kept } = await look(client, { tenantId, subject, hash });
    const { rows } = await client.query<Pick<Erased, 'removed' | 'hours'>>(
      `with gone as (
         delete from private.events e where ${ABOUT} and not ${OBLIGED} returning e.time, e.id
       ), hits as (
         delete from private.rule_hits h using gone g where h.tenant_id = $1 and h.time = g.time and h.id = g.id
       ), remembered as (
         insert into private.erased_events (tenant_id, id, time) select $1, id, time from gone on conflict do nothing
       ), marked as (
         insert into private.dirty_hours (tenant_id, hour, events, forced)
         select $1, date_trunc('hour', time, 'UTC'), -count(*), true from gone group by 2 returning hour
       )
       select (select count(*) from gone) as removed, (select count(*) from marked) as hours`,
      [tenantId, subject, hash],
    );
    const { removed = 0, hours = 0 } = rows[0] ?? {};
    return { ...nothingErased(), searched, removed, kept, hours };
  },
};

async function look(client: Client, { tenantId, subject, hash }: Person): Promise<Pick<Erased, 'searched' | 'kept'>> {
  const { rows } = await client.query<{ type: string; rows: number; bytes: number; kept: number }>(
    `select e.type, count(*) as rows, coalesce(sum(e.bytes), 0) as bytes,
       case when ${OBLIGED} then count(*) filter (where ${ABOUT}) else 0 end as kept
     from private.events e where e.tenant_id = $1 group by e.tenant_id, e.type`,
    [tenantId, subject, hash],
  );
  const sum = (name: 'rows' | 'bytes') => rows.reduce((n, row) => n + row[name], 0);
  return {
    searched: { rows: sum('rows'), files: 0, bytes: sum('bytes') },
    kept: rows.filter(({ kept }) => kept > 0).map(({ type, kept }) => ({ records: kept, why: keptBecause(type) })),
  };
}

const quarantine: PersonalPlace = {
  name: 'quarantine',
  tables: ['quarantine'],
  columns: ['received_at', 'code', 'type', 'raw'],
  async *find(client, person) {
    for await (const rows of mentions(client, person)) {
      yield rows.map(({ received_at, code, type, raw }) => {
        const text = raw.toString('utf8');
        return {
          json: JSON.stringify({ received_at, code, type, raw: text }),
          cells: [received_at.toISOString(), code, type, text],
        };
      });
    }
  },
  async erase(client, person) {
    const searched = await sizeOf(client, person.tenantId, 'quarantine', 'octet_length(raw)');
    let removed = 0;
    for await (const rows of mentions(client, person)) {
      const gone = await client.query<{ removed: number }>(
        `with gone as (
           delete from private.quarantine where tenant_id = $1 and id = any ($2::uuid[]) returning received_at
         ), noted as (
           insert into private.dirty_hours (tenant_id, hour, quarantined)
           select $1, date_trunc('hour', received_at, 'UTC'), -count(*) from gone group by 2
         )
         select count(*) as removed from gone`,
        [person.tenantId, rows.map(({ id }) => id)],
      );
      removed += gone.rows[0]?.removed ?? 0;
    }
    return { ...nothingErased(), searched, found: removed, removed };
  },
};

// Rows of a table of the tenant, and bytes of a column of it.
async function sizeOf(client: Client, tenantId: string, table: string, bytes: string): Promise<Erased['searched']> {
  const { rows } = await client.query<{ rows: number; bytes: number }>(
    `select count(*) as rows, coalesce(sum(${bytes}), 0) as bytes from private.${table} where tenant_id = $1`,
    [tenantId],
  );
  return { rows: rows[0]?.rows ?? 0, files: 0, bytes: rows[0]?.bytes ?? 0 };
}

type Refused = { id: string; received_at: Date; code: string; type: string | null; raw: Buffer; at: string };

// Rejected input is bytes, whole or truncated, JSON or not, so each row is searched.
async function* mentions(client: Client, { tenantId, subject, hash }: Person): AsyncGenerator<Refused[]> {
  let after: [string, string] = ['-infinity', '00000000-0000-0000-0000-000000000000'];
  for (;;) {
    const { rows } = await client.query<Refused>(
      `select id, received_at, code, type, raw, received_at::text as at from private.quarantine
       where tenant_id = $1 and (received_at, id) > ($2::timestamptz, $3::uuid) order by received_at, id limit ${PAGE / 10}`,
      [tenantId, ...after],
    );
    const found = rows.filter(({ raw }) => isMentioned(raw, [subject, hash]));
    if (found.length > 0) yield found;
    const last = rows.at(-1);
    if (!last || rows.length < PAGE / 10) return;
    after = [last.at, last.id];
  }
}

/** Whether a text contains one of the names: in JSON as a whole string anywhere, otherwise as a substring. */
export function isMentioned(raw: Buffer, names: string[]): boolean {
  // Bytes that are not UTF-8 were rejected for that reason, and are most likely Latin-1.
  const text = raw.toString(isUtf8(raw) ? 'utf8' : 'latin1');
  const plain = text.replace(/\\u([0-9a-fA-F]{4})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return names.some((name) => plain.includes(name) || plain.includes(JSON.stringify(name).slice(1, -1)));
  }
  // If a key occurs twice, JSON.parse keeps only the last value.
  if (names.some((name) => plain.includes(`"${name}"`) || plain.includes(JSON.stringify(name)))) return true;
  // A number is compared by the digits that were sent.
  return (
    holds(value, names) || names.some((name) => /^-?\d+$/.test(name) && new RegExp(`[:[,]\\s*${name}\\s*[,}\\]]`).test(text))
  );
}

function holds(value: unknown, names: string[]): boolean {
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next === 'string' && names.includes(next)) return true;
    if (typeof next === 'object' && next !== null)
      for (const [name, member] of Object.entries(next)) waiting.push(name, member);
  }
  return false;
}

const bundles: PersonalPlace = {
  name: 'bundles',
  tables: ['privacy_requests', 'privacy_files'],
  columns: ['id', 'kind', 'created_at', 'completed_at'],
  async *find(client, { tenantId, hash }) {
    const { rows } = await client.query<SubjectRecord>(
      `select jsonb_build_object('id', id, 'kind', kind, 'created_at', created_at, 'completed_at', completed_at)::text as json,
           jsonb_build_array(id, kind, created_at, completed_at) as cells
       from private.privacy_requests where tenant_id = $1 and person_hash = $2 order by id`,
      [tenantId, hash],
    );
    if (rows.length > 0) yield rows;
  },
  // The requests stay, as proof that they were served; they contain only the pseudonym.
  async erase(client, { tenantId, hash }) {
    const searched = await sizeOf(client, tenantId, 'privacy_files', 'octet_length(content)');
    const { rowCount } = await client.query(
      `delete from private.privacy_files f using private.privacy_requests r
       where r.id = f.request_id and r.tenant_id = $1 and r.person_hash = $2`,
      [tenantId, hash],
    );
    const removed = rowCount ?? 0;
    return { ...nothingErased(), searched, found: removed, removed };
  },
};

// A substring is taken for the person only if it is long enough to be unique.
const WITHIN = `k.tenant_id = $1 and (k.key = $2 or position($3 in k.answer::text) > 0
    or length($2) >= 6 and (position($2 in k.key) > 0 or position($2 in k.answer::text) > 0))`;

// A request that is repeated after the erasure is then recognised by its events alone.
const idempotencyKeys: PersonalPlace = {
  name: 'receipts',
  tables: ['idempotency_keys'],
  columns: ['key', 'first_at'],
  async *find(client, { tenantId, subject, hash }) {
    const { rows } = await client.query<SubjectRecord>(
      `select jsonb_build_object('key', k.key, 'first_at', k.first_at)::text as json, jsonb_build_array(k.key, k.first_at) as cells
       from private.idempotency_keys k where ${WITHIN} order by k.first_at, k.key`,
      [tenantId, subject, hash],
    );
    if (rows.length > 0) yield rows;
  },
  async erase(client, { tenantId, subject, hash }) {
    const searched = await sizeOf(
      client,
      tenantId,
      'idempotency_keys',
      'octet_length(key) + coalesce(octet_length(answer::text), 0)',
    );
    const { rowCount } = await client.query(`delete from private.idempotency_keys k where ${WITHIN}`, [
      tenantId,
      subject,
      hash,
    ]);
    const removed = rowCount ?? 0;
    return { ...nothingErased(), searched, found: removed, removed };
  },
};

/** Every place that may store data about a person. */
export const PLACES: PersonalPlace[] = [events, quarantine, idempotencyKeys, bundles, exportFiles];

/** Tables without personal data, each with the reason. */
export const WITHOUT_PEOPLE: Record<string, string> = {
  tenants: 'organisations',
  metabase_dashboards: 'numbers of dashboards',
  api_keys: 'names that the tenant gave its programs, and hashes',
  sql_logins: 'names that the tenant gave its programs',
  roles_to_drop: 'random names of roles',
  event_types: 'schemas and records of processing',
  pseudonym_keys: 'keys',
  withdrawn_subjects: 'keyed hashes alone, without which a withdrawal could not be honoured',
  members: 'people who administer for the tenant, which adds and removes them itself',
  sessions: 'browsers of those people, for two weeks at most',
  login_codes: 'hashes, for ten minutes',
  audit_log: 'acts of administrators, kept as proof',
  access_log: 'addresses that keys were used from, which the law says to keep for six months',
  offboardings: 'organisations that were removed',
  dashboard_links: 'hashes, and choices that the tenant fixed for its viewers',
  annotations: 'what administrators noted of the tenant’s own figures; theirs to delete',
  bookmarks: 'dashboards that people of the tenant keep at hand, and their filters; theirs to remove',
  dashboard_opens: 'counts of a whole tenant',
  feature_uses: 'counts of a whole tenant',
  alert_rules: 'names and figures that the tenant watches',
  alert_states: 'figures of a whole tenant',
  alert_endpoints: 'where the tenant has its administrators told; theirs to change and delete',
  alert_deliveries: 'figures of a whole tenant',
  dirty_hours: 'hours and counts of a whole tenant',
  receipts: 'counts of a whole tenant',
  erasure_ledger: 'pseudonyms, without which an erasure could not be repeated after a restore',
  erased_events: 'keys of erased events: UUIDs and hashes, without which a late duplicate would be stored again',
  withdrawal_keys: 'keys',
  privacy_versions: 'numbers',
  restatements: 'counts of a whole tenant',
  reconciliations: 'counts of a whole tenant',
  quality_results: 'figures of a whole tenant',
  benchmark_consents: 'decisions of organisations',
  benchmarks: 'names of figures',
  benchmark_units: 'organisations',
  benchmark_builds: 'names of figures',
  benchmark_snapshots: 'quartiles over many organisations',
  benchmark_panels: 'keyed hashes of organisations',
  benchmark_secrets: 'keys',
  archive_rules: 'days for which organisations have events kept',
  archive_files: 'names, counts and digests of files; the files themselves are a place of their own (jobs/archive/erase.ts)',
  heartbeats: 'queues',
  ingest_gate: 'a moment',
  grant_secrets: 'keys',
  isolation_audits: 'names of attacks',
  restore_drills: 'times and counts of the platform itself',
  probes: 'times of the platform itself',
  probe_totals: 'times of the platform itself',
  objectives: 'figures of the platform itself',
  settings: 'numbers that the operator chose',
};
