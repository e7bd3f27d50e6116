-- Archived events of a tenant that the database no longer has. Events before `visible_from` are past the retention of its rules.
set local role mirante_views;

create view app.archive_files with (security_barrier) as
    select id, type, day, name, rows, bytes, sha256, digest, first_time, last_time, first_received_at, last_received_at, written_at,
        now() - make_interval(days => private.own_archive_keep_days(type)) as visible_from
    from private.archive_files
    where tenant_id = (select private.current_tenant()) and status = 'live';
grant select on app.archive_files to mirante_api;

reset role;
