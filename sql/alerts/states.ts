import { type Client, type Pool, withTransaction } from '../database/db.ts';
import { BEGIN_GUARD } from '../database/guard.ts';
import type { Rule } from './rules.ts';

/** A rule's last state, as the evaluating job stores it. */
export type AlertState = {
  state: 'ok' | 'pending' | 'firing' | 'unknown';
  since: Date;
  value: number | null;
  /** When the last notification of firing was sent. */
  noticed_at: Date | null;
  /** A notification of firing was sent, and none of recovery yet. */
  open: boolean;
};

/** A state, and when it was evaluated. */
export type RuleFinding = AlertState & { evaluated_at: Date };

export type Watched = Rule & { tenant_id: string; zone: string; last: RuleFinding | null };

/**
 * Runs `work` in the only transaction that evaluates alerts, so that states and their deliveries are stored together or not at
 * all. Returns undefined, without running `work`, if another worker has the lock.
 */
export async function withAlertLock<T>(pool: Pool, work: (client: Client) => Promise<T>): Promise<T | undefined> {
  return withTransaction(pool, BEGIN_GUARD, async (client) => {
    const held = await client.query("select from storage.locks where name = 'alerts' for update skip locked");
    return held.rowCount === 1 ? work(client) : undefined;
  });
}

/** Every enabled rule of every tenant that is not being removed. Without canaries, whose rows must stay as planted. */
export async function listWatched(client: Client): Promise<Watched[]> {
  const { rows } = await client.query<Watched>(
    `select r.*, t.timezone as zone, case when s.rule_id is not null then to_json(s) end as last
     from private.alert_rules r join private.tenants t on t.id = r.tenant_id left join private.alert_states s on s.rule_id = r.id
     where r.enabled and t.offboarding_at is null and t.kind <> 'canary' order by r.id`,
  );
  return rows.map(({ last, ...rule }) => ({ ...rule, last: last && datesOf(last) }));
}

// Times are text within JSON.
function datesOf({ state, since, value, noticed_at, open, evaluated_at }: RuleFinding): RuleFinding {
  const times = {
    since: new Date(since),
    noticed_at: noticed_at && new Date(noticed_at),
    evaluated_at: new Date(evaluated_at),
  };
  return { state, value, open, ...times };
}

/** Returns those of these rules that have not changed since they were read, and locks them until the transaction ends. */
export async function keepUnchanged(client: Client, rules: Watched[]): Promise<Set<string>> {
  const { rows } = await client.query<{ id: string }>(
    `select r.id from private.alert_rules r join unnest($1::uuid[], $2::timestamptz[]) n (id, updated_at) on n.id = r.id
     where r.enabled and date_trunc('milliseconds', r.updated_at) = date_trunc('milliseconds', n.updated_at)
     order by r.id for share of r`,
    [rules.map(({ id }) => id), rules.map(({ updated_at }) => updated_at)],
  );
  return new Set(rows.map(({ id }) => id));
}

/** Returns those of these endpoints that exist and are enabled, and locks them until the transaction ends. */
export async function keepOpenEndpoints(client: Client, ids: string[]): Promise<Set<string>> {
  const { rows } = await client.query<{ id: string }>(
    'select id from private.alert_endpoints where id = any ($1::uuid[]) and disabled_at is null order by id for key share',
    [ids],
  );
  return new Set(rows.map(({ id }) => id));
}

/** Enabled endpoints of a tenant, of these if some are named. Locks them until the transaction ends. */
export async function listOpenEndpoints(client: Client, tenantId: string, named: string[] | null): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    `select id from private.alert_endpoints
     where tenant_id = $1 and disabled_at is null and ($2::uuid[] is null or id = any ($2)) order by id for key share`,
    [tenantId, named],
  );
  return rows.map(({ id }) => id);
}

export async function saveStates(
  client: Client,
  states: (AlertState & { ruleId: string; tenantId: string })[],
  now: Date,
): Promise<void> {
  await client.query(
    `insert into private.alert_states (rule_id, tenant_id, state, since, value, noticed_at, open, evaluated_at)
     select n.*, $8::timestamptz
     from unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::double precision[], $6::timestamptz[], $7::boolean[]) n
     on conflict (rule_id) do update set state = excluded.state, since = excluded.since, value = excluded.value,
         noticed_at = excluded.noticed_at, open = excluded.open, evaluated_at = excluded.evaluated_at`,
    [
      states.map(({ ruleId }) => ruleId),
      states.map(({ tenantId }) => tenantId),
      states.map(({ state }) => state),
      states.map(({ since }) => since),
      states.map(({ value }) => value),
      states.map(({ noticed_at }) => noticed_at),
      states.map(({ open }) => open),
      now,
    ],
  );
}

/** Deletes the states of disabled rules, so that they start over when they are enabled again. */
export async function forgetSwitchedOff(client: Client): Promise<void> {
  await client.query('delete from private.alert_states s using private.alert_rules r where r.id = s.rule_id and not r.enabled');
}
