set local role mirante_owner;

create table private.roles_to_drop (
    login     text        primary key check (login ~ '^mirante_sql_[a-z0-9]{16}$'),
    noted_at  timestamptz not null default now(),
    attempts  integer     not null default 0,
    due_at    timestamptz not null default now(),
    error     text
);
comment on table private.roles_to_drop is 'PostgreSQL roles of customers'' logins that have ended and are still to be dropped. A row outlives its tenant: a role that cannot be dropped yet stops no removal.';

insert into private.roles_to_drop (login)
    select login from private.sql_logins where revoked_at is not null and ended_at is null;

reset role;
