set local role mirante_views;

create view app.reconciliations with (security_barrier) as
    select ran_at, hours, receipts, raw, rolled_up, quarantined, differences, first_difference
    from private.reconciliations
    where tenant_id = (select private.current_tenant());
-- A day's score is the sum of points divided by the sum of weights. A check with status unknown has no points and does not count.
create view app.data_quality with (security_barrier) as
    select day, check_name, status, value, weight, checked_at,
        weight * case status when 'pass' then 1.0 when 'warn' then 0.5 when 'fail' then 0 end as points
    from private.quality_results
    where tenant_id = (select private.current_tenant());
grant select on app.reconciliations, app.data_quality to mirante_api, mirante_sql;

reset role;
