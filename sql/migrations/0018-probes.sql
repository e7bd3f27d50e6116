set local role mirante_owner;

create table private.probes (
    probe         text              not null check (probe in ('ready', 'ingest', 'query', 'arrival')),
    at            timestamptz       not null,
    ok            boolean           not null,
    milliseconds  double precision  not null,
    detail        text,
    primary key (probe, at)
);
select storage.make_hypertable('probes', 'at', '7 days');
comment on table private.probes is 'What the jobs program asked of the public API, once a minute. ready, ingest, query: whether and how fast it answered; arrival: how long until an event that it acknowledged was counted.';

create table private.probe_totals (
    probe         text              primary key,
    taken         bigint            not null,
    failed        bigint            not null,
    at            timestamptz       not null,
    milliseconds  double precision  not null
);
comment on table private.probe_totals is 'All probes ever taken, and the last one of each kind: for counters, which must never go back.';

create table private.objectives (
    name         text              primary key,
    measured     double precision,
    measured_at  timestamptz,
    known_until  timestamptz       not null,
    spent        double precision,
    burn_5m      double precision,
    burn_30m     double precision,
    burn_1h      double precision,
    burn_6h      double precision,
    burn_3d      double precision,
    alert        text              check (alert in ('fast-burn', 'slow-burn')),
    alert_since  timestamptz
);
comment on table private.objectives is 'The last measurement of each objective of ops.promises(), made by the jobs program. spent: share of the window that was bad; burn_*: the same over that time, in budgets.';

-- What SQL must know of the settings of the jobs program, which writes them here.
create table private.settings (
    name   text              primary key,
    value  double precision  not null
);

create table private.feature_uses (
    tenant_id  uuid     not null references private.tenants on delete cascade,
    day        date     not null,
    feature    text     not null check (feature in ('benchmarks', 'exports')),
    uses       integer  not null,
    primary key (tenant_id, day, feature)
);
comment on table private.feature_uses is 'How often each tenant used a feature on each day (UTC). Dashboards have dashboard_opens; SQL logins say themselves when they were made.';
create index on private.feature_uses (day);
select storage.protect('private.feature_uses');

-- As before; and a tenant whose feature is switched off has no dashboards in Metabase either, whoever still holds a grant.
create or replace function private.open_grant(tenant_grant text) returns text
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
declare
    parts text[] := string_to_array(tenant_grant, '.');
    signature bytea;
    before text := coalesce(current_setting('app.tenant_id', true), '');
    dashboards boolean;
begin
    if tenant_grant ~ '^v1\.[0-9a-f]{8}\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[0-9]{10}\.[0-9a-f]{64}$' then
        select private.hmac(s.inner_pad, s.outer_pad, array_to_string(parts[1:4], '.')) into signature
            from private.grant_secrets s where s.id = parts[2];
    end if;
    if signature is not null and sha256(signature) = sha256(decode(parts[5], 'hex')) then
        select t.features -> 'dashboards' is distinct from 'false' into dashboards
            from private.tenants t where t.id = parts[3]::uuid and t.offboarding_at is null;
    end if;
    if dashboards is null then
        raise exception 'invalid grant' using errcode = 'invalid_authorization_specification';
    end if;
    if to_timestamp(parts[4]::bigint) <= clock_timestamp() then
        raise exception 'the grant has expired' using errcode = 'invalid_authorization_specification';
    end if;
    if not dashboards then
        raise exception 'the feature dashboards is switched off' using errcode = 'insufficient_privilege';
    end if;
    perform set_config('app.tenant_id', parts[3], true);
    return before;
end
$$;

reset role;
