set local role mirante_owner;

-- Publishes a completed report as the next revision of its period, and notes which figures changed. No row where it is not completed. A
-- report that is published already stays as it is; one that was withdrawn becomes a new revision.
create or replace function private.publish_report(tenant uuid, report uuid, at timestamptz) returns setof private.performance_reports
    language plpgsql
    set search_path = pg_catalog, pg_temp
    as $$
#variable_conflict use_column
declare
    found private.performance_reports;
    before private.performance_reports;
    next_revision integer;
begin
    select r.* into found from private.performance_reports r where r.tenant_id = tenant and r.id = report and r.status = 'completed';
    if found.id is null then
        return;
    end if;
    -- One publication of a service at a time numbers its revisions.
    perform from private.services s where s.tenant_id = tenant and s.slug = found.service for no key update;
    select r.* into found from private.performance_reports r where r.tenant_id = tenant and r.id = report;
    if found.published_at is not null and found.withdrawn_at is null then
        return next found;
        return;
    end if;
    select coalesce(max(r.revision), 0) + 1 into next_revision from private.performance_reports r
        where r.tenant_id = tenant and r.service = found.service and r.period = found.period;
    select r.* into before from private.performance_reports r
        where r.tenant_id = tenant and r.service = found.service and r.period = found.period and r.published_at is not null
            and r.withdrawn_at is null
        order by r.revision desc limit 1;
    return query update private.performance_reports r set revision = next_revision, published_at = at, withdrawn_at = null,
        changes = case when before.id is null then '[]' else (
            select coalesce(jsonb_agg(jsonb_build_object('measure', m.key, 'before', before.measures -> m.key -> 'value', 'after', m.value -> 'value',
                'numerator_before', before.measures -> m.key -> 'numerator', 'numerator_after', m.value -> 'numerator',
                'denominator_before', before.measures -> m.key -> 'denominator', 'denominator_after', m.value -> 'denominator',
                'provisional', m.value -> 'provisional') order by m.key), '[]')
            from jsonb_each(found.measures) m
            where (m.value - 'parameters') is distinct from (before.measures -> m.key) - 'parameters'
        ) end
        where r.id = report returning r.*;
end
$$;
revoke all on function private.publish_report from public;

create function door.publish_report(report uuid) returns setof private.performance_reports
    language sql security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select * from private.publish_report(private.current_tenant(), report, clock_timestamp())
$$;

-- Takes a published report off its address. No row where it is not published.
create function door.withdraw_report(report uuid) returns setof private.performance_reports
    language sql security definer
    set search_path = pg_catalog, pg_temp
    as $$
    update private.performance_reports r set withdrawn_at = clock_timestamp()
    where r.tenant_id = private.current_tenant() and r.id = report and r.published_at is not null and r.withdrawn_at is null
    returning r.*
$$;

-- What a service has published: every revision that was not withdrawn. First the period that ends last, a month before its quarter and
-- its year, and the newest revision. For everybody.
create function door.published_reports(tenant_slug text, service_slug text) returns table (
    tenant text, tenant_name text, country text, service text, service_name text, locales text[], period text, revision integer,
    published_at timestamptz, completed_at timestamptz, measures jsonb, method jsonb, missing jsonb, changes jsonb
)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select t.slug, t.name, t.country, s.slug, s.name, s.locales, r.period, r.revision, r.published_at, r.completed_at, r.measures, r.method,
        r.missing, r.changes
    from private.tenants t join private.services s on s.tenant_id = t.id
        join private.performance_reports r on r.tenant_id = t.id and r.service = s.slug
    where t.slug = tenant_slug and s.slug = service_slug and t.offboarding_at is null and r.published_at is not null and r.withdrawn_at is null
    order by case when r.period like '%Q%' then left(r.period, 5) || lpad((3 * right(r.period, 1)::integer)::text, 2, '0')
            when length(r.period) = 4 then r.period || '-12' else r.period end collate "C" desc,
        length(r.period) desc, r.period like '%Q%', r.revision desc
$$;

-- Every service that has published something. For everybody.
create function door.published_services() returns table (
    tenant text, tenant_name text, country text, service text, service_name text, locales text[], first_period text, last_period text,
    issued timestamptz, modified timestamptz
)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select t.slug, t.name, t.country, s.slug, s.name, s.locales, min(r.period), max(r.period), min(r.published_at), max(r.published_at)
    from private.performance_reports r join private.tenants t on t.id = r.tenant_id
        join private.services s on s.tenant_id = t.id and s.slug = r.service
    where t.offboarding_at is null and r.published_at is not null and r.withdrawn_at is null
    group by t.slug, t.name, t.country, s.slug, s.name, s.locales
    order by t.slug, s.slug
$$;

revoke all on function door.publish_report, door.withdraw_report, door.published_reports, door.published_services from public;
grant execute on function door.publish_report, door.withdraw_report, door.published_reports, door.published_services to mirante_api;

reset role;
