set local role mirante_owner;

-- What must be repeated after an older copy of the data is brought back. The same entries are files outside the database, which
-- a restore of the database cannot take back.
create table private.erasure_ledger (
    id           uuid         primary key default gen_random_uuid(),
    tenant       uuid         not null,
    kind         text         not null check (kind in ('opened', 'erasure', 'withdrawal', 'restoration', 'key-destroyed', 'offboarding', 'imported')),
    person_hash  text,
    key_mark     text,
    at           timestamptz  not null default clock_timestamp(),
    seq          bigint       unique,
    line         text,
    check ((seq is null) = (line is null))
);
comment on table private.erasure_ledger is 'What must be repeated after a restore: erasures, withdrawals, destroyed keys, removed tenants. Outlives the tenants that it is about, and only the owner sees it.';
comment on column private.erasure_ledger.person_hash is 'The pseudonym, never the plain identifier; of a withdrawal its own keyed hash.';
comment on column private.erasure_ledger.key_mark is 'Of the pseudonym key that was destroyed: tells it from others without revealing it.';
comment on column private.erasure_ledger.seq is 'Place in the chain; null until the entry is in the object store.';
comment on column private.erasure_ledger.line is 'The entry as it is in the object store: JSON, with the SHA-256 of the entry before.';
create index erasure_ledger_open on private.erasure_ledger (at) where seq is null;
create index on private.erasure_ledger (tenant);

create trigger append_only before update or delete on private.erasure_ledger
    for each row when (old.seq is not null) execute function private.refuse_change();
create trigger no_truncate before truncate on private.erasure_ledger
    for each statement execute function private.refuse_change();

alter table private.privacy_requests
    add column lasting_hash text,
    add column blocked text,
    add column cut_off timestamptz,
    add column alerted integer not null default 0;
comment on column private.privacy_requests.lasting_hash is 'Of a withdrawal or restoration: the hash under the key of withdrawals, which outlives the key of pseudonyms.';
comment on column private.privacy_requests.blocked is 'Why the last attempt failed, in words for the tenant; null: none has failed since.';
comment on column private.privacy_requests.cut_off is 'Of an erasure: what was received until then is covered.';
comment on column private.privacy_requests.alerted is 'Which of its deadline''s alerts were sent: 1 half of the time, 2 three days left, 3 one day left, 4 overdue.';

create function private.note_in_ledger() returns trigger
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
begin
    if tg_table_name = 'privacy_requests' then
        if new.kind in ('erasure', 'withdrawal', 'restoration') then
            insert into private.erasure_ledger (id, tenant, kind, person_hash, at)
                values (new.id, new.tenant_id, new.kind, coalesce(new.lasting_hash, new.person_hash), new.created_at)
                on conflict (id) do nothing;
        end if;
    else
        insert into private.erasure_ledger (tenant, kind)
            select t.id, 'offboarding' from private.tenants t where t.id = new.tenant_id and t.kind = 'customer';
    end if;
    return null;
end
$$;
revoke all on function private.note_in_ledger from public;
create trigger ledger after insert on private.privacy_requests for each row execute function private.note_in_ledger();
create trigger ledger after insert or update of requested_at on private.offboardings
    for each row execute function private.note_in_ledger();
-- So that the ledger is never empty outside the database: a missing one is then told from one without erasures.
insert into private.erasure_ledger (tenant, kind, at) values ('00000000-0000-0000-0000-000000000000', 'opened', '1970-01-01Z');
-- Erasures of earlier versions are entered too: a backup may be older.
insert into private.erasure_ledger (id, tenant, kind, person_hash, at)
    select id, tenant_id, kind, person_hash, created_at from private.privacy_requests where kind in ('erasure', 'withdrawal', 'restoration');
insert into private.erasure_ledger (tenant, kind, at) 
    select o.tenant_id, 'offboarding', o.requested_at from private.offboardings o
    where not exists (select from private.tenants t where t.id = o.tenant_id and t.kind <> 'customer');

-- A tenant that was imported again can be removed again.
alter table private.offboardings
    alter column slug drop not null,
    add column earlier jsonb not null default '[]';
comment on column private.offboardings.slug is 'Until the removal is complete; then nothing names the tenant but its id.';
comment on column private.offboardings.earlier is 'Certificates of earlier removals of the same tenant, which was imported again after each.';

create table private.erased_events (
    tenant_id  uuid         not null references private.tenants on delete cascade,
    id         uuid         not null,
    time       timestamptz  not null,
    primary key (tenant_id, id, time)
);
comment on table private.erased_events is 'Keys of erased events, so that a late duplicate is not stored again. A key is a UUID of the sender''s, or a hash.';
select storage.protect('private.erased_events');
revoke select on private.erased_events from mirante_views;
alter table private.erased_events alter column tenant_id set statistics 0;

create table private.withdrawal_keys (
    tenant_id   uuid        primary key references private.tenants on delete cascade,
    key         bytea       not null check (octet_length(key) = 32),
    created_at  timestamptz not null default now()
);
comment on table private.withdrawal_keys is 'HMAC keys of withdrawals alone. They outlive the key of pseudonyms, so that withdrawals do; they tell nothing of anybody who has not withdrawn.';
select storage.protect('private.withdrawal_keys');
revoke select on private.withdrawal_keys from mirante_views;

create table private.privacy_versions (
    tenant_id  uuid    primary key references private.tenants on delete cascade,
    version    bigint  not null
);
comment on table private.privacy_versions is 'Rises with each withdrawal, restoration and destroyed key. A flush that concealed events by an older version is refused and repeated.';
select storage.protect('private.privacy_versions');
revoke select on private.privacy_versions from mirante_views;
alter table private.privacy_versions alter column tenant_id set statistics 0;

create function private.raise_privacy_version() returns trigger
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
declare
    tenant uuid := case when tg_op = 'DELETE' then old.tenant_id else new.tenant_id end;
begin
    insert into private.privacy_versions as v (tenant_id, version) select t.id, 1 from private.tenants t where t.id = tenant
        on conflict (tenant_id) do update set version = v.version + 1;
    return null;
end
$$;
revoke all on function private.raise_privacy_version from public;
create trigger version after insert or delete on private.withdrawn_subjects
    for each row execute function private.raise_privacy_version();
create trigger version after delete on private.pseudonym_keys
    for each row execute function private.raise_privacy_version();

-- For how many days a type's newest record of processing says that its events are needed.
create function private.promised_types() returns table (tenant_id uuid, type text, days integer)
    language sql stable
    set search_path = pg_catalog, pg_temp
    as $$
    select n.tenant_id, n.type, n.days
    from (
        select distinct on (e.tenant_id, e.type) e.tenant_id, e.type, (e.processing ->> 'retention_days')::integer as days
        from private.event_types e order by e.tenant_id, e.type, e.version desc
    ) n
    where n.days is not null
$$;
revoke all on function private.promised_types from public;

-- The archive keeps the promise of a type's record of processing too.
create or replace function private.archive_keep_days(tenant uuid, event_type text) returns integer
    language sql stable
    set search_path = pg_catalog, pg_temp
    as $$
    select least(coalesce(t.raw_retention_days, 36500), coalesce((
        select (e.processing ->> 'retention_days')::integer from private.event_types e
        where e.tenant_id = t.id and e.type = event_type order by e.version desc limit 1), 36500), coalesce((
        select r.keep_days from private.archive_rules r
        where (r.tenant_id = t.id or r.tenant_id is null and t.kind = 'customer') and (r.type = event_type or r.type is null)
        order by r.tenant_id is null, r.type is null limit 1), 0))
    from private.tenants t where t.id = tenant and t.offboarding_at is null
$$;
comment on column private.tenants.raw_retention_days is 'A lower bound in the tenant''s views. After it events are emptied, down to what roll-ups count; the rows leave with their chunk.';

-- Which alert of a deadline is due: 1 half of the time has passed, 2 three days are left, 3 one day, 4 none.
create function private.term_level(began timestamptz, due timestamptz) returns integer
    language sql stable
    set search_path = pg_catalog, pg_temp
    as $$
    select case when now() >= due then 4 when now() >= due - interval '1 day' then 3 when now() >= due - interval '3 days' then 2
        when now() >= began + (due - began) / 2 then 1 else 0 end
$$;
revoke all on function private.term_level from public;
alter table private.offboardings add column alerted integer not null default 0;
comment on column private.offboardings.alerted is 'As in privacy_requests.';
-- Its columns change; the file of the removal creates it again.
drop function if exists private.legal_terms();

-- The same hour so many business days later, in Brazil. Holidays count as business days, so a deadline is never later than the law's.
create function private.business_days_after(moment timestamptz, days integer) returns timestamptz
    language sql stable
    set search_path = pg_catalog, pg_temp
    as $$
    select (max(d.day) at time zone 'America/Sao_Paulo')
    from (
        select day from generate_series(1, days * 3) n, lateral (select (moment at time zone 'America/Sao_Paulo') + make_interval(days => n) as day) l
        where extract(isodow from day) < 6 order by day limit days
    ) d
$$;
revoke all on function private.business_days_after from public;

create table private.incidents (
    id                      uuid         primary key,
    title                   text         not null,
    description             text         not null,
    data_categories         text[]       not null,
    tenant_ids              uuid[]       not null,
    people                  integer      check (people >= 0),
    measures                text,
    is_risk                 boolean      not null,
    occurred_at             timestamptz,
    known_at                timestamptz  not null,
    notify_by               timestamptz  not null,
    authority_notified_at   timestamptz,
    people_notified_at      timestamptz,
    closed_at               timestamptz,
    created_at              timestamptz  not null default now(),
    kept_until              timestamptz  not null default now() + interval '5 years',
    alerted                 integer      not null default 0
);
comment on table private.incidents is 'Register of security incidents with personal data (LGPD art. 48; Resolução CD/ANPD 15/2024): kept for five years. Only the operator sees it.';
comment on column private.incidents.is_risk is 'Whether people may suffer relevant risk or damage: then the authority and they are notified within three business days.';
comment on column private.incidents.notify_by is 'Three business days after it became known.';
comment on column private.incidents.people is 'How many people it concerns, as far as known.';

create function private.audit_incident() returns trigger
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
begin
    if tg_op = 'INSERT' or to_jsonb(new) - 'alerted' <> to_jsonb(old) - 'alerted' then
        perform private.append_audit((select t.id from private.tenants t where t.kind = 'operations'),
            'incident.' || case tg_op when 'INSERT' then 'created' else 'changed' end, new.id::text,
            jsonb_build_object('known_at', new.known_at, 'authority_notified_at', new.authority_notified_at,
                'people_notified_at', new.people_notified_at, 'closed_at', new.closed_at));
    end if;
    return null;
end
$$;
revoke all on function private.audit_incident from public;
create constraint trigger audit after insert or update on private.incidents
    deferrable initially deferred for each row execute function private.audit_incident();
create function private.keep_incident() returns trigger
    language plpgsql
    set search_path = pg_catalog, pg_temp
    as $$
begin
    if old.kept_until > now() then
        raise exception 'The register of incidents is kept for five years.';
    end if;
    return old;
end
$$;
revoke all on function private.keep_incident from public;
create trigger kept before delete on private.incidents for each row execute function private.keep_incident();

reset role;
