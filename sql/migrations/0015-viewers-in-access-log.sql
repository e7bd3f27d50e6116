set local role mirante_owner;

alter table private.access_log add column viewer_requests bigint not null default 0;
comment on column private.access_log.viewer_requests is 'How many of the requests came from viewers with a link that the key made.';

-- Whether the key itself has come from an address before; its viewers come from anywhere and count for nothing here.
create or replace function private.newcomers(keys uuid[], addresses inet[], firsts timestamptz[]) returns jsonb
    language sql stable
    set search_path = pg_catalog, pg_temp
    as $$
    select jsonb_agg(distinct jsonb_build_object('tenant_id', k.tenant_id, 'key_id', u.key, 'address', host(u.address)))
    from unnest(keys, addresses, firsts) u (key, address, first_at)
        join private.api_keys k on k.id = u.key
        left join lateral (
            select true as found from private.access_log l
            where l.tenant_id = k.tenant_id and l.hour = date_trunc('hour', u.first_at, 'UTC')
                and l.key_id = u.key and l.address = u.address and l.requests > l.viewer_requests
            limit 1
        ) this_hour on true
        left join lateral (
            select true as found from private.access_log l
            where this_hour.found is null and l.key_id = u.key and l.address = u.address and l.requests > l.viewer_requests
            limit 1
        ) before on true
    where this_hour.found is null and before.found is null
$$;

reset role;
