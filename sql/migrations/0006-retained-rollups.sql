set local role mirante_owner;

alter table storage.rollups add column retained_from timestamptz not null default '-infinity';
comment on column storage.rollups.retained_from is 'Buckets before it have been dropped, so a roll-up that is made from this one is not recomputed from there.';

reset role;
