set local role mirante_owner;

-- A refresh whose program was killed and the one that came after it could both insert the same groups.
select storage.key_rollup(name, dims)
from (values
    ('events', 3), ('latency', 3), ('validations', 2), ('rules', 2), ('corrections', 2)
) as r (noun, dims), lateral (values (noun || '_hourly'), (noun || '_daily')) as w (name);

-- Whose turn it was longest ago comes first.
alter table private.alert_deliveries add column claimed_at timestamptz;
comment on column private.alert_deliveries.claimed_at is 'When the last attempt began.';
create index on private.alert_deliveries (tenant_id, claimed_at);

reset role;
