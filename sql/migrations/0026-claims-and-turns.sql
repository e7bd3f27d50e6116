set local role mirante_owner;

-- Whoever serves a request holds it by a claim, and proves that claim in each statement that writes.
alter table private.privacy_requests
    drop constraint privacy_requests_status_check,
    add constraint privacy_requests_status_check check (status in ('queued', 'running', 'completed', 'superseded')),
    add column claim uuid,
    add column claimed_until timestamptz,
    add column served_at timestamptz,
    add column retry_at timestamptz,
    add column attempts integer not null default 0;
-- A worker of the version before proves nothing: what it serves is served again.
update private.privacy_requests set status = 'queued' where status = 'running';
alter table private.privacy_requests drop column started_at;
alter table private.privacy_requests
    add constraint privacy_requests_claimed check (status <> 'running' or claim is not null and claimed_until is not null);
comment on column private.privacy_requests.status is 'superseded: a request for access that an erasure of the same person has ended; outcome names the erasure.';
comment on column private.privacy_requests.claim is 'Who serves it, until claimed_until, while it is running; a new one for each attempt.';
comment on column private.privacy_requests.served_at is 'When it was last taken up: tenants take turns by it.';
comment on column private.privacy_requests.retry_at is 'Not taken up before, because an attempt has failed; null: at once.';
drop index private.privacy_requests_created_at_idx;
create index on private.privacy_requests (tenant_id, served_at);
create index privacy_requests_open on private.privacy_requests (created_at) where status in ('queued', 'running');
-- Requests of one person exclude each other.
create unique index privacy_requests_person on private.privacy_requests (tenant_id, person_hash) where status = 'running';

alter table private.offboardings
    add column retry_at timestamptz,
    add column attempts integer not null default 0;
comment on column private.offboardings.retry_at is 'Not taken up before, because an attempt has begun or failed; null: at once.';

-- Files that could not be destroyed are tried again later and later, so that none keeps the others.
alter table private.export_files
    add column retry_at timestamptz,
    add column attempts integer not null default 0;
comment on column private.export_files.retry_at is 'Its destruction has failed and is not tried before; null: at once.';
alter table private.archive_files
    add column retry_at timestamptz,
    add column attempts integer not null default 0;
comment on column private.archive_files.retry_at is 'Its destruction has failed and is not tried before; null: at once.';

reset role;
