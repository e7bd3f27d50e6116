set local role mirante_owner;

-- Claims an Idempotency-Key. Returns 'mine' (continue), 'running', 'answered' (with the answer) or 'mismatch' (another body). If
-- the process of a claim died, the next request takes the claim over after a minute. `first_at` does not change, so ids derived
-- from it stay the same.
create function door.claim_idempotency_key(tenant uuid, idempotency_key text, hash bytea, new_claim uuid) returns table (
    outcome text, first_at timestamptz, answer json
)
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
#variable_conflict use_column
declare
    held private.idempotency_keys;
begin
    delete from private.idempotency_keys k
        where k.tenant_id = tenant and k.key = idempotency_key and k.first_at < now() - interval '24 hours';
    insert into private.idempotency_keys as k (tenant_id, key, request_hash, claim)
        values (tenant, idempotency_key, hash, new_claim)
        on conflict (tenant_id, key) do update set claim = new_claim, claimed_at = now()
            where k.answer is null and k.request_hash = hash and k.claimed_at < now() - interval '1 minute'
        returning * into held;
    if found then
        return query select 'mine', held.first_at, null::json;
        return;
    end if;
    return query
        select case when k.request_hash <> hash then 'mismatch' when k.answer is null then 'running' else 'answered' end,
            k.first_at, k.answer
        from private.idempotency_keys k where k.tenant_id = tenant and k.key = idempotency_key;
end
$$;

-- Stores the answer. Without an answer: deletes the claim if nothing was done under it. If something may have been done, the
-- claim stays with the time of its first use, and the next attempt takes it over.
create function door.settle_idempotency_key(
    tenant uuid, idempotency_key text, my_claim uuid, answer json, nothing_done boolean
) returns void
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
#variable_conflict use_variable
begin
    if answer is null and nothing_done then
        delete from private.idempotency_keys k
            where k.tenant_id = tenant and k.key = idempotency_key and k.claim = my_claim;
    else
        update private.idempotency_keys k set answer = settle_idempotency_key.answer,
            claimed_at = case when answer is null then '-infinity' else k.claimed_at end
            where k.tenant_id = tenant and k.key = idempotency_key and k.claim = my_claim;
    end if;
end
$$;
revoke all on function door.claim_idempotency_key, door.settle_idempotency_key from public;
grant execute on function door.claim_idempotency_key, door.settle_idempotency_key to mirante_api;

reset role;
