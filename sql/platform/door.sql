set local role mirante_owner;

-- Seconds since a job of each queue was actually consumed.
create function door.heartbeats() returns table (queue text, age_seconds double precision)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select h.queue, extract(epoch from now() - h.beat_at)::double precision from private.heartbeats h
$$;
revoke all on function door.heartbeats from public;
grant execute on function door.heartbeats to mirante_api;

reset role;
