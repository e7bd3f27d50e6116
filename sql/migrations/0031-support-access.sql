set local role mirante_owner;

alter table private.api_keys drop constraint api_keys_holder_check;
alter table private.api_keys add check (holder in ('program', 'member', 'visit'));
comment on column private.api_keys.holder is 'A program has the key itself. A member and a visit of an operator have a key that nobody knows: sessions act through it, so that every limit, log and revocation of keys holds for people too.';

create table private.support_access (
    tenant_id      uuid         primary key references private.tenants on delete cascade,
    allowed_until  timestamptz  not null,
    created_at     timestamptz  not null default now()
);
comment on table private.support_access is 'Tenants that allow operators to look at their pages, and until when. Without a row that has not ended, nobody may.';
select storage.protect('private.support_access');
create constraint trigger audit after insert or update or delete on private.support_access
    deferrable initially deferred for each row execute function private.audit_change('support_access', 'tenant_id');

create table private.support_visits (
    id             uuid         primary key,
    tenant_id      uuid         not null references private.tenants on delete cascade,
    key_id         uuid         not null unique references private.api_keys on delete cascade,
    operator_key   uuid         not null references private.api_keys on delete cascade,
    operator       text         not null,
    stated_reason  text         not null,
    created_at     timestamptz  not null default now(),
    ends_at        timestamptz  not null,
    ended_at       timestamptz
);
comment on table private.support_visits is 'Visits of operators, who look at a tenant''s pages as its viewer. A visit ends at its time, when the operator or the tenant ends it, and with the key that the operator acts through.';
comment on column private.support_visits.operator is 'The operator''s e-mail address, or the name of the key.';
comment on column private.support_visits.ended_at is 'When it was ended before its time.';
create index on private.support_visits (tenant_id, id);
create index on private.support_visits (operator_key);
select storage.protect('private.support_visits');
create constraint trigger audit after insert or update on private.support_visits
    deferrable initially deferred for each row execute function private.audit_change('support_visit');
alter table private.support_visits alter column tenant_id set statistics 0;

reset role;
