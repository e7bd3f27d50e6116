-- What operations may see of all tenants: names, counts, sizes and times; never what an event holds.
set local role mirante_owner;

create view ops.tenants with (security_barrier) as
    select id, slug, name, kind, country, timezone, locale, created_at from private.tenants;

create view ops.heartbeats with (security_barrier) as
    select queue, beat_at from private.heartbeats;

create view ops.retention_runs with (security_barrier) as
    select ran_at, relation, rule, dropped_to, dropped from storage.retention_runs;

create view ops.restore_drills with (security_barrier) as
    select started_at, ended_at, kind, passed, backup_seconds, restore_seconds, bytes, tables, records, figures, detail
    from private.restore_drills;
create view ops.isolation_audits with (security_barrier) as
    select ran_at, attempts, foreign_rows, dead, findings from private.isolation_audits;

-- Roll-ups are shown by functions with a window (the other files of this schema): a view of all tenants would read all of history.
revoke all on all functions in schema ops from public;
grant execute on all functions in schema ops to mirante_ops;
grant select on all tables in schema ops to mirante_ops;

reset role;
