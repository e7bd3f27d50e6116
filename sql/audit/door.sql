set local role mirante_owner;

-- Adds the counts of one API process; each row's tenant is found from its key. Records each address from which a key comes for
-- the first time, as far back as the log is kept. Viewers of its embeds may come from anywhere.
create function door.record_access(
    keys uuid[], addresses inet[], firsts timestamptz[], lasts timestamptz[], counts bigint[], viewers boolean[]
) returns void
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
#variable_conflict use_column
declare
    newcomers jsonb;
    own_keys uuid[];
    own_addresses inet[];
    own_firsts timestamptz[];
begin
    select array_agg(u.key), array_agg(u.address), array_agg(u.first_at) into own_keys, own_addresses, own_firsts
    from unnest(keys, addresses, firsts, viewers) u (key, address, first_at, viewer) where not u.viewer;
    -- Of several processes that see the same newcomer one goes first, and the others look again when it has committed.
    if private.newcomers(own_keys, own_addresses, own_firsts) is not null then
        perform storage.take_lock('access log');
        newcomers := private.newcomers(own_keys, own_addresses, own_firsts);
    end if;

    insert into private.access_log as l (tenant_id, hour, key_id, address, first_at, last_at, requests, viewer_requests)
    select k.tenant_id, date_trunc('hour', u.first_at, 'UTC'), u.key, u.address, min(u.first_at), max(u.last_at), sum(u.requests),
        coalesce(sum(u.requests) filter (where u.viewer), 0)
    from unnest(keys, addresses, firsts, lasts, counts, viewers) u (key, address, first_at, last_at, requests, viewer)
        join private.api_keys k on k.id = u.key
    group by 1, 2, 3, 4
    order by 1, 2, 3, 4
    on conflict (tenant_id, hour, key_id, address) do update set
        first_at = least(l.first_at, excluded.first_at),
        last_at = greatest(l.last_at, excluded.last_at),
        requests = l.requests + excluded.requests,
        viewer_requests = l.viewer_requests + excluded.viewer_requests;

    perform private.append_audit(n.tenant_id, 'key.new_address', n.key_id::text, jsonb_build_object('address', n.address),
            jsonb_build_object('key_id', n.key_id, 'tenant_id', n.tenant_id, 'address', n.address))
    from jsonb_to_recordset(newcomers) n (tenant_id uuid, key_id uuid, address text);
end
$$;

revoke all on function door.record_access from public;
grant execute on function door.record_access to mirante_api;

-- The last audit, and what all audits since `since` have found. No row if none ran.
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
