set local role mirante_owner;

create table private.privacy_reviews (
    id             uuid        primary key,
    tenant_id      uuid        not null references private.tenants on delete cascade,
    request_id     uuid        not null references private.privacy_requests on delete cascade,
    person_hash    text        not null,
    quarantine_id  uuid        not null,
    received_at    timestamptz not null,
    cuts           jsonb       not null,
    decision       text        check (decision in ('keep', 'cut-out', 'destroy')),
    created_at     timestamptz not null default now(),
    decided_at     timestamptz,
    unique (tenant_id, quarantine_id, person_hash)
);
comment on table private.privacy_reviews is 'Refused input that names a person where only people can judge it: a privacy request neither delivers nor removes it until somebody has decided.';
comment on column private.privacy_reviews.cuts is 'Ranges of bytes that name the person: from, and up to. Empty: only the whole can be kept or destroyed.';
create index on private.privacy_reviews (request_id);
create index on private.privacy_reviews (tenant_id, id);
select storage.protect('private.privacy_reviews');
alter table private.privacy_reviews alter column tenant_id set statistics 0;
create constraint trigger audit after update of decision on private.privacy_reviews
    deferrable initially deferred for each row execute function private.audit_change('privacy_review');

create table private.field_rewrites (
    tenant_id     uuid        not null references private.tenants on delete cascade,
    type          text        not null,
    fields        text[]      not null,
    rows          bigint      not null default 0,
    files         bigint      not null default 0,
    progress      integer     not null default 0 check (progress between 0 and 100),
    requested_at  timestamptz not null default now(),
    completed_at  timestamptz,
    primary key (tenant_id, type)
);
comment on table private.field_rewrites is 'Fields that an event type declared as personal after events had been stored: their plain values become pseudonyms, in the database and in the archive. The newest of each type.';
comment on column private.field_rewrites.rows is 'Stored and archived events that were rewritten.';
select storage.protect('private.field_rewrites');
grant insert, update on private.field_rewrites to mirante_views;
alter table private.field_rewrites alter column tenant_id set statistics 0;

-- Two differences from before: an erasure puts a pseudonym in the place of an identifier, and the log must not keep what was there;
-- and a filter by subject names a person, so the log has it without.
create or replace function private.audit_change() returns trigger
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    set timezone = 'UTC'
    as $$
declare
    old_row jsonb := case when tg_op = 'INSERT' then '{}' else to_jsonb(old) end;
    new_row jsonb := case when tg_op = 'DELETE' then '{}' else to_jsonb(new) end;
    one_row jsonb := case when tg_op = 'DELETE' then old_row else new_row end;
    -- Who and where stand beside the details; the rest is secret, leads to a person, or is no act.
    hidden constant text[] := array['id', 'tenant_id', 'hash', 'key', 'secret', 'verifier', 'password', 'person', 'reason', 'cuts',
        'last_used_at', 'updated_at'];
    details jsonb;
    verb text;
begin
    select jsonb_object_agg(key, jsonb_build_object(
            'old', case when o.value is not null and n.value::text ~ '\mpsn_' then '"(erased)"' else private.audit_value(private.audit_filter(key, o.value)) end,
            'new', private.audit_value(private.audit_filter(key, n.value))))
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

create function private.audit_filter(key text, value jsonb) returns jsonb
    language sql immutable
    set search_path = pg_catalog, pg_temp
    as $$
    select case when key = 'filter' and jsonb_typeof(value) = 'object' then value - 'subject' else value end
$$;
revoke all on function private.audit_filter from public;

reset role;
