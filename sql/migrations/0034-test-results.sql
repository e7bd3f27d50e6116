set local role mirante_owner;

create table private.tests (
    tenant_id  uuid  not null references private.tenants on delete cascade,
    test_id    text  not null,
    policy     text  not null default 'lexicographic.v1' check (policy in ('lexicographic.v1', 'max-each.v1')),
    primary key (tenant_id, test_id)
);
comment on table private.tests is 'The tests that results are known of. Every writer of results of a test locks its row: for key share to add scans, for update to judge all of them again.';
comment on column private.tests.policy is 'How the best of several scans of one student is found; all students of a test are judged by the same policy.';
select storage.protect('private.tests');

create table private.test_scans (
    tenant_id   uuid         not null,
    import_id   uuid         not null,
    number      integer      not null,
    test_id     text         not null,
    student_id  text         not null,
    available   integer      not null,
    obtained    integer      not null check (obtained between 0 and available),
    scanned_at  timestamptz,
    primary key (tenant_id, import_id, number)
);
comment on table private.test_scans is 'Every scan of every document, in the order of the document. The results follow from them and the policy of each test, at any time and in any order.';
create index on private.test_scans (tenant_id, test_id, student_id);
create index on private.test_scans (tenant_id, student_id);
select storage.protect('private.test_scans');
alter table private.test_scans alter column tenant_id set statistics 0;

create table private.replayed_scans (
    tenant_id   uuid         not null,
    run_id      uuid         not null references private.import_runs (id) on delete cascade,
    import_id   uuid         not null,
    number      integer      not null,
    test_id     text         not null,
    student_id  text         not null,
    available   integer      not null,
    obtained    integer      not null check (obtained between 0 and available),
    scanned_at  timestamptz,
    primary key (run_id, import_id, number)
);
comment on table private.replayed_scans is 'Scans of documents that a run is reading again, until it ends.';
create index on private.replayed_scans (tenant_id, student_id);
select storage.protect('private.replayed_scans');
alter table private.replayed_scans alter column tenant_id set statistics 0;

create table private.student_test_results (
    tenant_id             uuid         not null,
    student_id            text         not null,
    test_id               text         not null,
    available_points      integer      not null,
    obtained_points       integer      not null,
    origins_import_vault  uuid[]       not null,
    date_of_test          timestamptz,
    updated_on            timestamptz  not null default now(),
    primary key (tenant_id, student_id, test_id)
);
comment on table private.student_test_results is 'The best result of each student in each test, by the policy of the test.';
comment on column private.student_test_results.student_id is 'As the document has it: text, with leading zeros.';
comment on column private.student_test_results.origins_import_vault is 'The documents of the vault that have a scan of this student and test, also those whose scan is not the best.';
comment on column private.student_test_results.date_of_test is 'When the best scan was made, of equal ones the earliest; null if no document tells.';
comment on column private.student_test_results.updated_on is 'When marks or date last changed. More documents with the same result change only the origins.';
create index on private.student_test_results (tenant_id, test_id) include (available_points, obtained_points);
select storage.protect('private.student_test_results');
alter table private.student_test_results alter column tenant_id set statistics 0;

reset role;
