set local role mirante_owner;

create table private.audit_log (
    seq        bigint       primary key,
    at         timestamptz  not null,
    tenant_id  uuid         not null,
    actor      jsonb        not null,
    action     text         not null,
    target     text         not null,
    details    jsonb        not null,
    hash       bytea        not null
);
create index on private.audit_log (tenant_id, at);
comment on table private.audit_log is 'Every administrative act: append-only, and each row''s hash covers the one before, so that `mirante audit verify` finds what was changed. Outlives the tenants that it is about.';
comment on column private.audit_log.at is 'Later than the row before, even where the clock was set back: a tenant''s rows are told apart by it.';
comment on column private.audit_log.hash is 'SHA-256 of the row before''s hash and this row as a JSON array, its time in microseconds since 1970.';

-- No policy for update or delete: without the trigger below, not even the owner finds a row to change.
alter table private.audit_log enable row level security;
alter table private.audit_log force row level security;
create policy one_tenant on private.audit_log for select to mirante_views
    using (tenant_id = (select private.current_tenant()));
create policy all_tenants on private.audit_log for select to mirante_owner using (true);
create policy append on private.audit_log for insert to mirante_owner with check (true);
grant select on private.audit_log to mirante_views;

create function private.refuse_change() returns trigger
    language plpgsql
    set search_path = pg_catalog, pg_temp
    as $$
begin
    raise exception '%.% is append-only: % is refused', tg_table_schema, tg_table_name, lower(tg_op)
        using errcode = 'restrict_violation';
end
$$;
create trigger append_only before update or delete or truncate on private.audit_log
    for each statement execute function private.refuse_change();

-- Adds one row to the chain. Its lock lasts until the act commits, so that two acts never follow the same row; therefore it
-- comes last in a transaction, when all that the act itself must wait for is held. `mirante audit verify` has the same text
-- of a row in its own query (sql/queries/audit-log.ts).
create function private.append_audit(about uuid, action text, target text, details jsonb, actor jsonb default null) returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
    as $$
#variable_conflict use_column
declare
    last private.audit_log;
    entry private.audit_log;
begin
    perform storage.take_lock('audit log');
    select * into last from private.audit_log order by seq desc limit 1;
    entry.seq := coalesce(last.seq, 0) + 1;
    entry.at := greatest(clock_timestamp(), last.at + interval '1 microsecond');
    entry.tenant_id := about;
    entry.actor := coalesce(append_audit.actor, nullif(current_setting('app.actor', true), '')::jsonb,
        jsonb_build_object('login', session_user));
    entry.action := append_audit.action;
    entry.target := append_audit.target;
    entry.details := append_audit.details;
    entry.hash := sha256(coalesce(last.hash, '') || convert_to(jsonb_build_array(entry.seq,
        (extract(epoch from entry.at) * 1000000)::bigint, entry.tenant_id, entry.actor, entry.action, entry.target,
        entry.details)::text, 'UTF8'));
    insert into private.audit_log select entry.*;
end
$$;
revoke all on function private.append_audit from public;

-- A value as the log shows it: a long one, such as a schema, by its SHA-256, so that a row stays short.
create function private.audit_value(value jsonb) returns jsonb
    language sql immutable
    set search_path = pg_catalog, pg_temp
    as $$
    select case when length(value::text) <= 2000 then value
        else to_jsonb('sha256:' || encode(sha256(convert_to(value::text, 'UTF8')), 'hex')) end
$$;
revoke all on function private.audit_value from public;

-- Records a change of a row as `<noun>.<verb>`; takes the noun, and the column that names the row where that is not `id`.
-- For deferred triggers only: at commit, after everything that the act waits for (see append_audit).
create function private.audit_change() returns trigger
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    set timezone = 'UTC'
    as $$
declare
    old_row jsonb := case when tg_op = 'INSERT' then '{}' else to_jsonb(old) end;
    new_row jsonb := case when tg_op = 'DELETE' then '{}' else to_jsonb(new) end;
    one_row jsonb := case when tg_op = 'DELETE' then old_row else new_row end;
    -- Who and where stand beside the details; the rest is secret, leads to a person, or is no act.
    hidden constant text[] := array['id', 'tenant_id', 'hash', 'key', 'secret', 'verifier', 'password', 'person', 'reason',
        'last_used_at', 'updated_at'];
    details jsonb;
    verb text;
begin
    select jsonb_object_agg(key, jsonb_build_object('old', private.audit_value(o.value), 'new', private.audit_value(n.value)))
        into details
        from jsonb_each(old_row - hidden) o full join jsonb_each(new_row - hidden) n using (key)
        where coalesce(o.value, 'null') <> coalesce(n.value, 'null');
    if details is null then
        return null;
    end if;
    verb := case
        when tg_op = 'DELETE' then 'removed'
        when details #>> '{revoked_at,new}' is not null then 'revoked'
        when tg_op = 'INSERT' and coalesce(new_row ->> 'version', '1') = '1' then 'created'
        else 'changed'
    end;
    perform private.append_audit(coalesce(one_row ->> 'tenant_id', one_row ->> 'id')::uuid, tg_argv[0] || '.' || verb,
        one_row ->> coalesce(tg_argv[1], 'id'), details);
    return null;
end
$$;
revoke all on function private.audit_change from public;

create constraint trigger audit after insert or update or delete on private.tenants
    deferrable initially deferred for each row execute function private.audit_change('tenant');
create constraint trigger audit after insert or update or delete on private.api_keys
    deferrable initially deferred for each row execute function private.audit_change('key');
create constraint trigger audit after insert or update or delete on private.event_types
    deferrable initially deferred for each row execute function private.audit_change('event_type', 'type');

create table private.access_log (
    tenant_id  uuid         not null,
    hour       timestamptz  not null,
    key_id     uuid         not null,
    address    inet         not null,
    first_at   timestamptz  not null,
    last_at    timestamptz  not null,
    requests   bigint       not null,
    primary key (tenant_id, hour, key_id, address)
);
select storage.make_hypertable('access_log', 'hour', '7 days');
-- Whether a key has come from an address before.
create index access_log_key on private.access_log (key_id, address);
comment on table private.access_log is 'Dates, times and addresses of use (Marco Civil da Internet, art. 15): one row for each hour, key and address.';

-- Those keys and addresses that have never come together. Row by row, for a plan over whole sets would read the whole log;
-- almost every row is found in its own hour.
create function private.newcomers(keys uuid[], addresses inet[], firsts timestamptz[]) returns jsonb
    language sql stable
    set search_path = pg_catalog, pg_temp
    as $$
    select jsonb_agg(distinct jsonb_build_object('tenant_id', k.tenant_id, 'key_id', u.key, 'address', host(u.address)))
    from unnest(keys, addresses, firsts) u (key, address, first_at)
        join private.api_keys k on k.id = u.key
        left join lateral (
            select true as found from private.access_log l
            where l.tenant_id = k.tenant_id and l.hour = date_trunc('hour', u.first_at, 'UTC')
                and l.key_id = u.key and l.address = u.address
            limit 1
        ) this_hour on true
        left join lateral (
            select true as found from private.access_log l
            where this_hour.found is null and l.key_id = u.key and l.address = u.address
            limit 1
        ) before on true
    where this_hour.found is null and before.found is null
$$;
revoke all on function private.newcomers from public;

reset role;
