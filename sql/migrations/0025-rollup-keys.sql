set local role mirante_owner;

-- A refresh whose program was killed and the one that came after it could both insert the same groups.
select storage.key_rollup(name, dims)
from (values
    ('events', 3), ('latency', 3), ('validations', 2), ('rules', 2), ('corrections', 2)
) as r (noun, dims), lateral (values (noun || '_hourly'), (noun || '_daily')) as w (name);

reset role;
