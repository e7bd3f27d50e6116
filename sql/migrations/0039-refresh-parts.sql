set local role mirante_owner;

-- A refresh of earlier hours reads only the tenants that sent something late. The definitions are those of migration 4.
select storage.make_refresh('events_hourly', 'events', 'time', '1 hour',
    array['type', 'outcome', 'case when type = ''mirante.http.request.v1'' then left(data ->> ''route'', 200) end as route'],
    array['count(*) as events', 'sum(bytes) as bytes'], 'true');
select storage.make_refresh('events_daily', 'events_hourly', 'bucket', '1 day',
    array['type', 'outcome', 'route'],
    array['sum(events) as events', 'sum(bytes) as bytes'], 'true');
select storage.make_refresh('latency_hourly', 'events', 'time', '1 hour',
    array['type', 'case when type = ''mirante.http.request.v1'' then left(data ->> ''route'', 200) end as route',
          'private.latency_bin(duration_ms) as bin'],
    array['count(*) as events'], 'duration_ms is not null');
select storage.make_refresh('latency_daily', 'latency_hourly', 'bucket', '1 day',
    array['type', 'route', 'bin'],
    array['sum(events) as events'], 'true');
select storage.make_refresh('validations_hourly', 'events', 'time', '1 hour',
    array['left(data ->> ''marketplace'', 200) as marketplace', 'outcome'],
    array['count(*) as validations', 'sum(private.sane_count(data -> ''rows'')) as rows',
          'sum(private.sane_count(data -> ''errors'')) as errors', 'sum(private.sane_count(data -> ''warnings'')) as warnings'],
    'type = ''br.validahub.validation.completed.v1''');
select storage.make_refresh('validations_daily', 'validations_hourly', 'bucket', '1 day',
    array['marketplace', 'outcome'],
    array['sum(validations) as validations', 'sum(rows) as rows', 'sum(errors) as errors', 'sum(warnings) as warnings'], 'true');
select storage.make_refresh('rules_hourly', 'rule_hits', 'time', '1 hour',
    array['marketplace', 'rule'],
    array['sum(hits) as hits', 'count(*) as validations'], 'true');
select storage.make_refresh('rules_daily', 'rules_hourly', 'bucket', '1 day',
    array['marketplace', 'rule'],
    array['sum(hits) as hits', 'sum(validations) as validations'], 'true');
select storage.make_refresh('corrections_hourly', 'events', 'time', '1 hour',
    array['left(data ->> ''marketplace'', 200) as marketplace', 'left(data ->> ''rule'', 200) as rule'],
    array['count(*) as corrections', 'sum(private.sane_count(data -> ''rows'')) as rows'],
    'type = ''br.validahub.correction.applied.v1''');
select storage.make_refresh('corrections_daily', 'corrections_hourly', 'bucket', '1 day',
    array['marketplace', 'rule'],
    array['sum(corrections) as corrections', 'sum(rows) as rows'], 'true');

reset role;
