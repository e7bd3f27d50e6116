set local role mirante_owner;

alter table private.dirty_hours add column forced boolean not null default false;
comment on column private.dirty_hours.forced is 'Rows of this hour were deleted. An engine that keeps its own notes of what has changed may have missed that, so it must recompute without asking them.';

alter table storage.hypertables add column columnstore_after interval;
comment on column storage.hypertables.columnstore_after is 'Upkeep converts parts to columnstore that ended so long ago; null where the columnstore is off.';

reset role;
