set local role mirante_owner;

create view ops.isolation_audits with (security_barrier) as
    select ran_at, attempts, foreign_rows, dead, findings from private.isolation_audits;

reset role;
