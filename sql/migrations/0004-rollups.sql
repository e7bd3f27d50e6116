set local role mirante_owner;

-- Bin of a duration for quantiles that can be merged over any window (DDSketch; Masson, Rim, Lee, VLDB 2019): bin i holds
-- (g^(i-1), g^i] with g = 1.04, and 2 g^i / (g + 1) is within (g - 1) / (g + 1) = 1.97 % of all of them. Zero has a bin of its own.
create function private.latency_bin(duration_ms double precision) returns smallint
    language sql immutable strict parallel safe
    as $$
    select case when duration_ms > 0 then ceil(ln(duration_ms) / ln(1.04::double precision)) else -32768 end::smallint
$$;

-- A count that a client sent: whatever else stands there is null, and what is absurd is cut, so that no value can make a
-- sum overflow and stop the refresh of everybody's roll-up.
create function private.sane_count(value jsonb) returns bigint
    language sql immutable parallel safe
    as $$
    select case when jsonb_typeof(value) = 'number' then least(greatest(round(value::numeric), 0), 1000000000000)::bigint end
$$;
grant execute on function private.latency_bin(double precision), private.sane_count(jsonb) to mirante_views;

select storage.make_rollup('events_hourly', 'events', 'time', '1 hour',
    array['type', 'outcome', 'case when type = ''mirante.http.request.v1'' then left(data ->> ''route'', 200) end as route'],
    array['count(*) as events', 'sum(bytes) as bytes'], 'true');
select storage.make_rollup('events_daily', 'events_hourly', 'bucket', '1 day',
    array['type', 'outcome', 'route'],
    array['sum(events) as events', 'sum(bytes) as bytes'], 'true');

select storage.make_rollup('latency_hourly', 'events', 'time', '1 hour',
    array['type', 'case when type = ''mirante.http.request.v1'' then left(data ->> ''route'', 200) end as route',
          'private.latency_bin(duration_ms) as bin'],
    array['count(*) as events'], 'duration_ms is not null');
select storage.make_rollup('latency_daily', 'latency_hourly', 'bucket', '1 day',
    array['type', 'route', 'bin'],
    array['sum(events) as events'], 'true');

select storage.make_rollup('validations_hourly', 'events', 'time', '1 hour',
    array['left(data ->> ''marketplace'', 200) as marketplace', 'outcome'],
    array['count(*) as validations', 'sum(private.sane_count(data -> ''rows'')) as rows',
          'sum(private.sane_count(data -> ''errors'')) as errors', 'sum(private.sane_count(data -> ''warnings'')) as warnings'],
    'type = ''br.validahub.validation.completed.v1''');
select storage.make_rollup('validations_daily', 'validations_hourly', 'bucket', '1 day',
    array['marketplace', 'outcome'],
    array['sum(validations) as validations', 'sum(rows) as rows', 'sum(errors) as errors', 'sum(warnings) as warnings'], 'true');

select storage.make_rollup('rules_hourly', 'rule_hits', 'time', '1 hour',
    array['marketplace', 'rule'],
    array['sum(hits) as hits', 'count(*) as validations'], 'true');
select storage.make_rollup('rules_daily', 'rules_hourly', 'bucket', '1 day',
    array['marketplace', 'rule'],
    array['sum(hits) as hits', 'sum(validations) as validations'], 'true');

select storage.make_rollup('corrections_hourly', 'events', 'time', '1 hour',
    array['left(data ->> ''marketplace'', 200) as marketplace', 'left(data ->> ''rule'', 200) as rule'],
    array['count(*) as corrections', 'sum(private.sane_count(data -> ''rows'')) as rows'],
    'type = ''br.validahub.correction.applied.v1''');
select storage.make_rollup('corrections_daily', 'corrections_hourly', 'bucket', '1 day',
    array['marketplace', 'rule'],
    array['sum(corrections) as corrections', 'sum(rows) as rows'], 'true');

reset role;
