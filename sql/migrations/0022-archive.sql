set local role mirante_owner;

create table private.archive_rules (
    id          uuid     primary key default gen_random_uuid(),
    tenant_id   uuid     references private.tenants on delete cascade,
    type        text,
    tier        text     not null,
    keep_days   integer  not null check (keep_days between 0 and 3650),
    unique nulls not distinct (tenant_id, type)
);
comment on table private.archive_rules is 'How long the archive keeps raw events, counted from their time. The rule that names tenant and type comes before the one of the tenant, then the one of the type, then the default.';
comment on column private.archive_rules.tenant_id is 'Null: every customer without a rule of its own.';
comment on column private.archive_rules.type is 'Null: every type without a rule of its own.';
comment on column private.archive_rules.tier is 'What it is sold as.';
comment on column private.archive_rules.keep_days is 'What is not kept longer than raw events are kept in the database is not archived; 0: never.';
select storage.protect('private.archive_rules');
alter table private.archive_rules alter column tenant_id set statistics 0;

-- A figure can be traced to its events for as long as figures are kept by default.
insert into private.archive_rules (tier, keep_days) values ('standard', 730);

-- A rule for everybody is an act of the platform's own tenant.
create function private.audit_archive_rule() returns trigger
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
declare
    rule private.archive_rules := coalesce(new, old);
begin
    perform private.append_audit(
        coalesce(rule.tenant_id, (select t.id from private.tenants t where t.kind = 'operations')),
        'archive_rule.' || case tg_op when 'DELETE' then 'removed' when 'INSERT' then 'created' else 'changed' end, rule.id::text,
        jsonb_build_object('type', rule.type, 'tier', rule.tier, 'old', to_jsonb(old) -> 'keep_days', 'new', to_jsonb(new) -> 'keep_days'));
    return null;
end
$$;
revoke all on function private.audit_archive_rule from public;
create constraint trigger audit after insert or update or delete on private.archive_rules
    deferrable initially deferred for each row execute function private.audit_archive_rule();

create table private.archive_files (
    id                  uuid         primary key,
    tenant_id           uuid         not null,
    type                text         not null,
    day                 date         not null,
    name                text         not null unique,
    rows                bigint       not null,
    bytes               bigint       not null,
    sha256              text         not null,
    digest              text         not null,
    first_time          timestamptz  not null,
    last_time           timestamptz  not null,
    first_received_at   timestamptz  not null,
    last_received_at    timestamptz  not null,
    status              text         not null check (status in ('proved', 'live', 'condemned')),
    written_at          timestamptz  not null default now(),
    replaces            uuid
);
comment on table private.archive_files is 'The manifest of the archive: one row for each Parquet file, whose columns are those of private.events.';
comment on column private.archive_files.digest is 'Two sums over the MD5 of each row, in decimal digits: the same in whatever order rows are read.';
comment on column private.archive_files.status is 'proved: read back and equal, the rows are still in the database, which alone answers. live: the rows have left the database in the transaction that said so. condemned: to be destroyed.';
comment on column private.archive_files.replaces is 'The file that this one was made from by leaving a person out.';
create index on private.archive_files (tenant_id, day);
create index on private.archive_files (status) where status <> 'live';
select storage.protect('private.archive_files');
alter table private.archive_files alter column tenant_id set statistics 0;

create table storage.archive_runs (
    id          bigint       generated always as identity primary key,
    started_at  timestamptz  not null,
    ended_at    timestamptz  not null default now(),
    boundary    timestamptz,
    files       integer      not null,
    rows        bigint       not null,
    bytes       bigint       not null,
    removed     integer      not null,
    error       text
);
comment on table storage.archive_runs is 'What each run of the archive wrote and removed, and the error that ended it.';

-- Whose turn it is to write, rewrite or destroy files of the archive. A lock on a table, because one on a row would give the
-- transaction a number, and what is to be settled by then would wait for it as long as a run takes.
create table storage.archive_turn ();

-- For how many days the archive keeps a tenant's events of a type. A tenant's own shorter retention is a limit here too; the platform's own
-- events and those of canaries are kept only by a rule that names them, those of a tenant that is being removed not at all.
create function private.archive_keep_days(tenant uuid, event_type text) returns integer
    language sql stable
    set search_path = pg_catalog, pg_temp
    as $$
    select least(coalesce(t.raw_retention_days, 36500), coalesce((
        select r.keep_days from private.archive_rules r
        where (r.tenant_id = t.id or r.tenant_id is null and t.kind = 'customer') and (r.type = event_type or r.type is null)
        order by r.tenant_id is null, r.type is null limit 1), 0))
    from private.tenants t where t.id = tenant and t.offboarding_at is null
$$;
create function private.own_archive_keep_days(event_type text) returns integer
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select private.archive_keep_days((select private.current_tenant()), event_type)
$$;
revoke all on function private.archive_keep_days, private.own_archive_keep_days from public;
grant execute on function private.own_archive_keep_days to mirante_api;

reset role;
