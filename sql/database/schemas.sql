-- Rebuilt on every migrate, in one transaction. These schemas hold views and functions only, never rows.
drop schema if exists app cascade;
drop schema if exists bi cascade;
drop schema if exists ops cascade;
drop schema if exists door cascade;
create schema app authorization mirante_views;
create schema bi authorization mirante_views;
create schema ops authorization mirante_owner;
create schema door authorization mirante_owner;
grant usage on schema app, door to mirante_api;
grant usage on schema app to mirante_sql;
grant usage on schema bi to mirante_metabase;
grant usage on schema ops to mirante_ops;

-- A view runs its functions with the rights of the reader.
set local role mirante_owner;
-- Views before 0.2 called it.
drop function if exists storage.start_of(timestamptz, text, timestamptz, text);
grant execute on function private.current_tenant() to mirante_sql;
grant execute on function private.latency_bin(double precision), private.sane_count(jsonb) to mirante_api, mirante_sql;
reset role;
