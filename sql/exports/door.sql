set local role mirante_owner;

-- A mark of the data behind an export of this tenant's window: while the mark stays the same, so does every row. Events are only
-- added, which raises the counts of their hours, or erased, which is counted too. Null if unknown: an erasure is open; part of
-- the window has left the database, or may at any moment; receipts of an hour are not yet counted; or, for metrics, a roll-up
-- does not hold the whole window yet.
create function door.export_mark(since timestamptz, until timestamptz, figures boolean) returns text
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    with asked as (
        select (select private.current_tenant()) as tenant, date_trunc('hour', since, 'UTC') as head
    ), ledger as (
        select coalesce(sum(d.events), 0) as events, count(*) as rows, count(*) filter (where d.tenant_id is null) as unknown
        from private.dirty_hours d, asked a
        where d.hour >= a.head and d.hour < until and (d.tenant_id = a.tenant or d.tenant_id is null)
    ), receipts as (
        select coalesce(sum(r.accepted), 0) as events
        from private.receipts r, asked a
        where r.tenant_id = a.tenant and r.hour >= a.head and r.hour < until
    ), erasures as (
        select count(*) as all_of_them, count(*) filter (where p.status <> 'completed') as open
        from private.privacy_requests p, asked a
        where p.tenant_id = a.tenant and p.kind = 'erasure'
    ), kept as (
        select greatest(
            (select max(h.retained_from) from storage.hypertables h where h.name in ('events', 'rule_hits') and not figures),
            (select max(r.retained_from) from storage.rollups r where figures),
            (select now() - make_interval(days => t.raw_retention_days) from private.tenants t, asked a
                where t.id = a.tenant and not figures)) as since
    )
    select case
        when e.open = 0 and l.unknown = 0 and (l.rows = 0 or not figures) and k.since <= a.head
            then (r.events + l.events) || '.' || e.all_of_them
    end
    from asked a, ledger l, receipts r, erasures e, kept k
$$;
revoke all on function door.export_mark from public;
grant execute on function door.export_mark to mirante_api;

-- Cancels a queued or running export of the tenant, or marks a completed one deleted, so that its files are destroyed. Returns
-- the new status. An export that has ended keeps its status. Null: the tenant has no such export.
create function door.end_export(export uuid) returns text
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
begin
    update private.export_jobs j
        set status = case j.status when 'completed' then 'deleted' else 'cancelled' end, claim = null, ended_at = now(), deleted_at = now()
        where j.tenant_id = private.current_tenant() and j.id = export and j.status in ('queued', 'running', 'completed');
    return (select j.status from private.export_jobs j where j.tenant_id = private.current_tenant() and j.id = export);
end
$$;

-- Records the download of an export file in the audit log.
create function door.note_download(export uuid, file text) returns void
    language sql volatile security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select private.append_audit(private.current_tenant(), 'export.downloaded', export::text, jsonb_build_object('file', file))
$$;
revoke all on function door.end_export, door.note_download from public;
grant execute on function door.end_export, door.note_download to mirante_api;

reset role;
