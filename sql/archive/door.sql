set local role mirante_owner;

-- Without the rules that the isolation audit plants.
create function door.archive_rules() returns setof private.archive_rules
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select r.* from private.archive_rules r left join private.tenants t on t.id = r.tenant_id
    where t.kind is distinct from 'canary' order by r.tenant_id nulls first, r.type nulls first
$$;

-- No row: there is no such tenant.
create function door.set_archive_rule(tenant uuid, event_type text, tier text, keep_days integer) returns setof private.archive_rules
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
#variable_conflict use_variable
begin
    if tenant is not null and not exists (select from private.tenants t where t.id = tenant and t.offboarding_at is null) then
        return;
    end if;
    return query
        insert into private.archive_rules as r (tenant_id, type, tier, keep_days) values (tenant, event_type, tier, keep_days)
        on conflict on constraint archive_rules_tenant_id_type_key do update set tier = excluded.tier, keep_days = excluded.keep_days
        returning r.*;
end
$$;

-- Removes any rule but the default, which can be changed but must exist.
create function door.remove_archive_rule(rule uuid) returns boolean
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
begin
    delete from private.archive_rules r where r.id = rule and (r.tenant_id is not null or r.type is not null);
    return found;
end
$$;
revoke all on function door.archive_rules, door.set_archive_rule, door.remove_archive_rule from public;
grant execute on function door.archive_rules, door.set_archive_rule, door.remove_archive_rule to mirante_api;

reset role;
