set local role mirante_owner;

create table private.metabase_dashboards (
    slug          text     primary key,
    dashboard_id  integer  not null
);
comment on table private.metabase_dashboards is 'Where Metabase has the dashboards of customers; written by `mirante metabase apply`.';

reset role;
