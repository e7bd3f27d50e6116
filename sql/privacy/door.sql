set local role mirante_owner;

-- Tells a key from others without revealing it.
create or replace function private.key_mark(key bytea) returns text
    language sql immutable strict
    as $$ select left(encode(sha256('mirante key mark'::bytea || key), 'hex'), 16) $$;
revoke all on function private.key_mark from public;

-- The tenant's pseudonym key, created on first use. The second of two concurrent calls gets the key of the first.
create function door.pseudonym_key() returns bytea
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
    as $$
declare
    found_key bytea := (select k.key from private.pseudonym_keys k where k.tenant_id = private.current_tenant());
begin
    if found_key is null then
        insert into private.pseudonym_keys as k (tenant_id, key)
            values (private.current_tenant(), sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())))
            on conflict (tenant_id) do update set created_at = k.created_at
            returning k.key into found_key;
    end if;
    return found_key;
end
$$;
revoke all on function door.pseudonym_key from public;
grant execute on function door.pseudonym_key to mirante_api;

-- The key of the tenant's withdrawals alone, created on first use. It outlives the key of pseudonyms.
create function door.withdrawal_key() returns bytea
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
    as $$
declare
    found_key bytea := (select k.key from private.withdrawal_keys k where k.tenant_id = private.current_tenant());
begin
    if found_key is null then
        insert into private.withdrawal_keys as k (tenant_id, key)
            values (private.current_tenant(), sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())))
            on conflict (tenant_id) do update set created_at = k.created_at
            returning k.key into found_key;
    end if;
    return found_key;
end
$$;
revoke all on function door.withdrawal_key from public;
grant execute on function door.withdrawal_key to mirante_api;

create function door.privacy_version() returns bigint
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select coalesce((select v.version from private.privacy_versions v where v.tenant_id = private.current_tenant()), 0)
$$;
revoke all on function door.privacy_version from public;
grant execute on function door.privacy_version to mirante_api;

-- How many erasures of the tenant have begun: an answer that was read before one of them must not be sent on.
create function door.erasures_begun() returns bigint
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select count(*) from private.privacy_requests r
    where r.tenant_id = private.current_tenant() and r.kind = 'erasure' and r.cut_off is not null
$$;
revoke all on function door.erasures_begun from public;
grant execute on function door.erasures_begun to mirante_api;

-- Deletes the tenant's key, and the withdrawals of earlier versions, whose pseudonyms no later key could match. Other
-- withdrawals stay in force.
create function door.destroy_pseudonym_key() returns table (key_created_at timestamptz, withdrawals_deleted integer)
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
    as $$
declare
    tenant uuid := private.current_tenant();
begin
    insert into private.erasure_ledger (tenant, kind, key_mark)
        select k.tenant_id, 'key-destroyed', private.key_mark(k.key) from private.pseudonym_keys k where k.tenant_id = tenant;
    delete from private.pseudonym_keys k where k.tenant_id = tenant returning k.created_at into key_created_at;
    if found then
        delete from private.withdrawn_subjects w where w.tenant_id = tenant and starts_with(w.subject_hash, 'psn_');
        get diagnostics withdrawals_deleted = row_count;
        return next;
    end if;
end
$$;
revoke all on function door.destroy_pseudonym_key from public;
grant execute on function door.destroy_pseudonym_key to mirante_api;

-- Settles an open review of refused input, as long as the input is still `seen`. False: it is not, or it has been settled.
create function door.settle_privacy_review(review uuid, verdict text, seen bytea, rest bytea) returns boolean
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
    as $$
declare
    found_review private.privacy_reviews;
begin
    select * into found_review from private.privacy_reviews r
        where r.id = review and r.tenant_id = private.current_tenant() and r.decision is null for update;
    if not found then
        return false;
    end if;
    perform from private.quarantine q
        where q.tenant_id = found_review.tenant_id and q.received_at = found_review.received_at
            and q.id = found_review.quarantine_id and q.raw = seen for update;
    if not found then
        return false;
    end if;
    if verdict = 'cut-out' then
        update private.quarantine q set raw = rest
            where q.tenant_id = found_review.tenant_id and q.received_at = found_review.received_at
                and q.id = found_review.quarantine_id;
        -- What another review was to cut out is somewhere else now.
        update private.privacy_reviews r set cuts = '[]'
            where r.tenant_id = found_review.tenant_id and r.quarantine_id = found_review.quarantine_id and r.id <> review
                and r.decision is null;
    elsif verdict = 'destroy' then
        delete from private.quarantine q
            where q.tenant_id = found_review.tenant_id and q.received_at = found_review.received_at
                and q.id = found_review.quarantine_id;
        insert into private.dirty_hours (tenant_id, hour, quarantined)
            values (found_review.tenant_id, date_trunc('hour', found_review.received_at, 'UTC'), -1);
    end if;
    update private.privacy_reviews r set decision = verdict, decided_at = now() where r.id = review;
    return true;
end
$$;
revoke all on function door.settle_privacy_review from public;
grant execute on function door.settle_privacy_review to mirante_api;

reset role;
