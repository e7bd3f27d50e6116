set local role mirante_owner;

alter table private.event_types
    add column personal_fields  text[]  not null default '{}',
    add column subject          text    not null default 'pseudonymised' check (subject in ('pseudonymised', 'plain')),
    add column processing       jsonb;
comment on column private.event_types.personal_fields is 'JSON Pointers into data whose values are stored as pseudonyms; `*` is every item of an array.';
comment on column private.event_types.processing is 'Record of processing (LGPD art. 37); null where the tenant has given none.';

create table private.pseudonym_keys (
    tenant_id   uuid        primary key references private.tenants on delete cascade,
    key         bytea       not null check (octet_length(key) = 32),
    created_at  timestamptz not null default now()
);
comment on table private.pseudonym_keys is 'HMAC keys of pseudonyms. Without its row a tenant''s pseudonyms lead to nobody; backups hold it until they expire.';
select storage.protect('private.pseudonym_keys');
-- No view shows a key; the API gets it through the door.
revoke select on private.pseudonym_keys from mirante_views;

create table private.withdrawn_subjects (
    tenant_id     uuid        not null references private.tenants on delete cascade,
    subject_hash  text        not null,
    withdrawn_at  timestamptz not null default now(),
    primary key (tenant_id, subject_hash)
);
comment on table private.withdrawn_subjects is 'Pseudonyms of people who withdrew their consent. They go with the key that made them.';
select storage.protect('private.withdrawn_subjects');
grant insert, delete on private.withdrawn_subjects to mirante_views;

reset role;
