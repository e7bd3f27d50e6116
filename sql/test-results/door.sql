set local role mirante_owner;

-- Ends the reading of a document that a request has read itself, under the lease that it added the document with: writes its scans, and
-- notes what became of it, both or neither. `stored` leaves it to the importers. Returns how many results are new or have other
-- marks; null if the lease is lost.
create function door.settle_test_results(
    document uuid, lease uuid, students text[], tests text[], availables integer[], obtaineds integer[], times timestamptz[],
    outcome text, reader text, reader_version integer, noted jsonb
) returns bigint
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
declare
    tenant uuid := private.current_tenant();
    chosen text;
    changed bigint := 0;
begin
    select coalesce(i.policy, 'lexicographic.v1') into chosen from private.imports i
        where i.tenant_id = tenant and i.id = document and i.claim = lease for update;
    if not found then
        return null;
    end if;
    if outcome = 'stored' then
        update private.imports i set claim = null, claimed_until = '-infinity' where i.id = document;
        return 0;
    end if;
    if cardinality(students) > 0 then
        changed := private.add_test_scans(tenant, document, 0, students, tests, availables, obtaineds, times, chosen);
    end if;
    update private.imports i
        set status = outcome, findings = noted, rows = changed, done_rows = cardinality(students), importer = reader, importer_version = reader_version,
            policy = chosen, counts = jsonb_build_object('read', cardinality(students)), is_checked = true, progress = 100, claim = null,
            claimed_until = '-infinity', due_at = null, started_at = i.received_at, completed_at = clock_timestamp(),
            duration_ms = round(extract(epoch from clock_timestamp() - i.received_at) * 1000)
        where i.id = document;
    insert into private.import_versions (tenant_id, import_id, version, importer, importer_version, policy, mapping)
        select i.tenant_id, i.id, i.version, i.importer, i.importer_version, i.policy, i.mapping from private.imports i where i.id = document
        on conflict do nothing;
    return changed;
end
$$;
revoke all on function door.settle_test_results from public;
grant execute on function door.settle_test_results to mirante_api;

reset role;
