set local role mirante_owner;

-- The time of receipt of the rows that this transaction stores. Call it before anything else. The lock comes first, in its own
-- statement: a transaction that reads an outdated settled_to is then visible to door.unsettled().
create function door.receive() returns timestamptz
    language plpgsql
    set search_path = pg_catalog, pg_temp
    as $$
begin
    lock table private.ingest_gate in row share mode;
    return (select greatest(clock_timestamp(), g.settled_to) from private.ingest_gate g);
end
$$;
revoke all on function door.receive from public;

-- Returns a moment: rows stored from now on are received then or later. Rows that are being stored right now may be earlier,
-- until the transactions that door.unsettled() lists after this commit have ended.
create function door.settle() returns timestamptz
    language sql
    set search_path = pg_catalog, pg_temp
    as $$
    update private.ingest_gate g set settled_to = greatest(g.settled_to, date_trunc('milliseconds', clock_timestamp()))
    returning settled_to
$$;
revoke all on function door.settle from public;

create function door.unsettled() returns setof text
    language sql
    set search_path = pg_catalog, pg_temp
    as $$
    select l.virtualtransaction
    from pg_locks l
    where l.locktype = 'relation' and l.relation = 'private.ingest_gate'::regclass and l.mode = 'RowShareLock' and l.granted
        and l.database = (select d.oid from pg_database d where d.datname = current_database())
$$;
revoke all on function door.unsettled from public;

-- A moment, and the transactions that may be storing events with an earlier time of receipt: once they have ended, all that was
-- received before the moment is committed. The clock is read before the locks are.
create function door.receipts_so_far() returns table (at timestamptz, storing text[])
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
declare
    moment timestamptz := clock_timestamp();
begin
    return query select moment, array(select u from door.unsettled() u);
end
$$;
revoke all on function door.receipts_so_far from public;
grant execute on function door.receipts_so_far to mirante_api;

-- Stores one flush: the events of all waiting requests; each row's tenant is found from its key. Returns only the rows that were
-- not inserted. The caller ensures that no event occurs twice in a flush. Rows of a key that was revoked in the meantime return
-- `unauthenticated`. `versions`: by which version of the tenant's privacy each key's rows were concealed; null: not concealed by
-- any. Rows of an older one return `stale`, so that a withdrawal holds at once in every process. An event that was erased returns
-- `duplicate`: it was received before, and is not stored again.
create function door.ingest_events(
    keys uuid[], key_numbers integer[], ids uuid[], times timestamptz[], types text[], sources text[], event_ids text[],
    subjects text[], outcomes text[], durations double precision[], sizes integer[], datas jsonb[], attributes jsonb[],
    has_rules boolean, versions integer[]
) returns table (number integer, status text)
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
#variable_conflict use_column
declare
    received timestamptz := door.receive();
    tenants uuid[];
    stale boolean[];
    erased integer[];
    stored_tenants uuid[];
    stored_times timestamptz[];
    stored_ids uuid[];
begin
    -- No subqueries: with them PostgreSQL plans the statement in each call, which takes 0.3 ms instead of 0.02.
    select array_agg(k.tenant_id order by u.n), array_agg(u.version <> coalesce(v.version, 0) order by u.n)
        into tenants, stale
        from unnest(keys, versions) with ordinality u (id, version, n)
            left join private.api_keys k on k.id = u.id and k.revoked_at is null
                and (k.expires_at is null or k.expires_at > received) and k.scopes && array['ingest', 'tenant-admin']
            left join private.privacy_versions v on v.tenant_id = k.tenant_id;

    if exists (select from private.erased_events x where x.tenant_id = any (tenants)) then
        erased := array(
            select u.n
            from unnest(key_numbers, times, ids) with ordinality u (k, time, id, n)
            where exists (
                select from private.erased_events x
                where x.tenant_id = tenants[u.k] and x.id = u.id and x.time = u.time));
    end if;

    with stored as (
        insert into private.events (tenant_id, time, id, received_at, type, source, event_id, subject, outcome, duration_ms,
            bytes, data, attributes)
        select tenants[u.k], u.time, u.id, received, u.type, u.source, u.event_id, u.subject, u.outcome, u.duration,
            u.size, u.data, u.attribute
        from unnest(key_numbers, times, ids, types, sources, event_ids, subjects, outcomes, durations, sizes, datas, attributes)
            with ordinality as u (k, time, id, type, source, event_id, subject, outcome, duration, size, data, attribute, n)
        where tenants[u.k] is not null and stale[u.k] is not true and (u.n = any (erased)) is not true
        order by 1, 2, 3
        on conflict do nothing
        returning tenant_id, time, id
    )
    select array_agg(tenant_id), array_agg(time), array_agg(id) into stored_tenants, stored_times, stored_ids from stored;

    insert into private.dirty_hours (tenant_id, hour, events)
        select t.tenant, date_trunc('hour', t.time, 'UTC'), count(*)
        from unnest(stored_tenants, stored_times) t (tenant, time)
        group by 1, 2;

    if has_rules then
        insert into private.rule_hits (tenant_id, time, id, rule, marketplace, hits)
        select tenants[u.k], u.time, u.id, left(r.key, 200), left(u.data ->> 'marketplace', 200),
            coalesce(sum(private.sane_count(r.value)), 0)
        from unnest(key_numbers, times, ids, types, datas) as u (k, time, id, type, data)
            cross join lateral jsonb_each(case when jsonb_typeof(u.data -> 'rules') = 'object' then u.data -> 'rules' end) r
        where u.type = 'br.validahub.validation.completed.v1' and (tenants[u.k], u.time, u.id) in (select * from unnest(stored_tenants, stored_times, stored_ids))
        group by 1, 2, 3, 4, 5
        order by 1, 2, 3, 4
        on conflict do nothing;
    end if;

    if coalesce(cardinality(stored_ids), 0) = cardinality(ids) then
        return;
    end if;

    -- A statement of its own sees what a concurrent flush has committed.
    return query
        with told as materialized (
            select u.n::integer as number, tenants[u.k] as tenant,
                case
                    when tenants[u.k] is null then 'unauthenticated'
                    when stale[u.k] then 'stale'
                    when u.n = any (erased) then 'duplicate'
                    when e.type = u.type and e.source = u.source and e.subject is not distinct from u.subject
                        and e.data is not distinct from u.data and e.attributes is not distinct from u.attribute then 'duplicate'
                    else 'conflict'
                end as status
            from unnest(key_numbers, times, ids, types, sources, subjects, datas, attributes) with ordinality
                    as u (k, time, id, type, source, subject, data, attribute, n)
                left join lateral (
                    select * from private.events e where e.tenant_id = tenants[u.k] and e.time = u.time and e.id = u.id
                ) e on true
            where tenants[u.k] is null or stale[u.k]
                or (tenants[u.k], u.time, u.id) not in (select * from unnest(stored_tenants, stored_times, stored_ids))
        ), noted as (
            insert into private.dirty_hours (tenant_id, hour, duplicates)
            select t.tenant, date_trunc('hour', received, 'UTC'), count(*) from told t where t.status = 'duplicate' group by 1
        )
        select t.number, t.status from told t;
end
$$;
revoke all on function door.ingest_events from public;
grant execute on function door.ingest_events to mirante_api;

-- Stores rejected input in quarantine, byte for byte.
create function door.quarantine(
    keys uuid[], ids uuid[], received timestamptz[], statuses text[], codes text[], details text[], pointers text[],
    types text[], raws bytea[]
) returns void
    language sql security definer
    set search_path = pg_catalog, pg_temp
    as $$
    with kept as (
        insert into private.quarantine (tenant_id, received_at, id, status, code, detail, pointer, type, key_id, raw)
        select k.tenant_id, u.received, u.id, u.status, u.code, u.detail, u.pointer, u.type, u.key, u.raw
        from unnest(keys, ids, received, statuses, codes, details, pointers, types, raws)
                as u (key, id, received, status, code, detail, pointer, type, raw)
            join private.api_keys k on k.id = u.key
        on conflict do nothing
        returning tenant_id, received_at
    )
    insert into private.dirty_hours (tenant_id, hour, quarantined)
    select tenant_id, date_trunc('hour', received_at, 'UTC'), count(*) from kept group by 1, 2
$$;
revoke all on function door.quarantine from public;
grant execute on function door.quarantine to mirante_api;

-- Records that a replay has stored these rows. It bypasses app.quarantine, because TimescaleDB 2.19 cannot plan an update through
-- that view.
create function door.mark_replayed(ids uuid[]) returns void
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
declare
    tenant uuid := private.current_tenant();
    moment timestamptz := now();
begin
    update private.quarantine q set replayed_at = moment where q.tenant_id = tenant and q.id = any (ids);
    perform private.append_audit(tenant, 'quarantine.replayed', 'quarantine',
        jsonb_build_object('rows', cardinality(ids), 'replayed_at', moment));
end
$$;
revoke all on function door.mark_replayed from public;
grant execute on function door.mark_replayed to mirante_api;

-- The watermark: up to when every acknowledged event is in the answers, of the current tenant or, if none is set, of all. Late
-- rows wait for the refresh of their hour. `figures`: one roll-up, null for all. Rows that no roll-up covers yet are read live,
-- so they are never late.
create function door.watermark(figures text default null) returns timestamptz
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select coalesce(min(d.hour), now())
    from private.dirty_hours d, (select private.current_tenant() as id) t
    where d.hour < (select max(r.materialised_to) from storage.rollups r where figures is null or r.name = figures || '_hourly')
        and (t.id is null or d.tenant_id is null or d.tenant_id = t.id)
$$;
revoke all on function door.watermark from public;
grant execute on function door.watermark to mirante_api;

reset role;
