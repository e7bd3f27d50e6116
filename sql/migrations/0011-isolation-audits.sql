set local role mirante_owner;

-- Two tenants that nobody uses: what is tried against the platform every hour is tried from one against the other.
alter table private.tenants drop constraint tenants_kind_check;
alter table private.tenants add constraint tenants_kind_check check (kind in ('customer', 'operations', 'canary'));

create table private.isolation_audits (
    id            bigint       generated always as identity primary key,
    ran_at        timestamptz  not null default now(),
    attempts      integer      not null,
    foreign_rows  integer      not null,
    dead          integer      not null,
    findings      jsonb        not null
);
create index on private.isolation_audits (ran_at);
comment on table private.isolation_audits is 'Each run of the attacks from one canary tenant against the other. findings: names of attacks and logins, never what was read.';

-- Their views show tenant_id, so that a plan's estimate would tell which tenants there are and how much each has.
alter table private.event_types alter column tenant_id set statistics 0;
alter table private.withdrawn_subjects alter column tenant_id set statistics 0;

reset role;
