set local role mirante_owner;

alter table private.tenants add column embed_origins text[] not null default '{}';
comment on column private.tenants.embed_origins is 'Origins whose pages may show the tenant''s dashboards in a frame.';

reset role;
