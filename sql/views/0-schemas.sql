-- Rebuilt on every migrate, in one transaction: these schemas hold views and functions only, never rows.
drop schema if exists app cascade;
drop schema if exists door cascade;
create schema app authorization mirante_views;
create schema door authorization mirante_owner;
grant usage on schema app, door to mirante_api;
