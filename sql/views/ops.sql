-- What operations may see of all tenants: names, counts, sizes and times; never what an event holds.
set local role mirante_owner;

create view ops.tenants with (security_barrier) as
    select id, slug, name, kind, country, timezone, locale, created_at from private.tenants;

create view ops.heartbeats with (security_barrier) as
    select queue, beat_at from private.heartbeats;

create view ops.retention_runs with (security_barrier) as
    select ran_at, relation, rule, dropped_to, dropped from storage.retention_runs;

create view ops.isolation_audits with (security_barrier) as
    select ran_at, attempts, foreign_rows, dead, findings from private.isolation_audits;

-- A function, because the roll-ups show all tenants to their owner alone, and with a window, which they are read by.
create function ops.activity(since timestamptz, until timestamptz) returns table (
    tenant_id uuid, bucket timestamptz, events bigint, bytes bigint
)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select r.tenant_id, r.bucket, sum(r.events)::bigint, sum(r.bytes)::bigint
    from private.events_hourly r where r.bucket >= since and r.bucket < until
    group by 1, 2
$$;

create function ops.storage() returns table (relation text, bytes bigint, retained_from timestamptz)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select h.name, storage.hypertable_bytes(h.name), h.retained_from from storage.hypertables h
    union all
    select r.name, storage.rollup_bytes(r.name), r.retained_from from storage.rollups r
$$;

revoke all on all functions in schema ops from public;
grant execute on all functions in schema ops to mirante_ops;
grant select on all tables in schema ops to mirante_ops;

reset role;
