set local role mirante_owner;

-- The last audit, and what all audits since then have found; no row where none ran.
create function door.isolation(since timestamptz) returns table (
    ran_at timestamptz, age_seconds double precision, attempts integer, foreign_rows integer, dead integer, found_since bigint
)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select a.ran_at, extract(epoch from now() - a.ran_at)::double precision, a.attempts, a.foreign_rows, a.dead,
        (select coalesce(sum(b.foreign_rows), 0) from private.isolation_audits b where b.ran_at >= since)
    from private.isolation_audits a order by a.ran_at desc limit 1
$$;
revoke all on function door.isolation from public;
grant execute on function door.isolation to mirante_api;

reset role;
