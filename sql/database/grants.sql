-- Loaded last: operations may read everything in ops, and nobody else may run any of it. Roll-ups are exposed by functions with a
-- window, because a view of all tenants would read all of history.
set local role mirante_owner;

revoke all on all functions in schema ops from public;
grant execute on all functions in schema ops to mirante_ops;
grant select on all tables in schema ops to mirante_ops;

reset role;
