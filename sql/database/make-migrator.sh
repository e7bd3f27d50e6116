#!/bin/sh
# The database image runs this once, when its volume is new. Mirante's programs never use the superuser: the migrator owns
# the database and may only create roles. Customer logins can connect to that database only: docs/security.md.
set -e
psql --no-psqlrc --set=ON_ERROR_STOP=1 --set=password="$MIGRATOR_PASSWORD" --username="$POSTGRES_USER" --dbname=postgres <<'SQL'
create role migrator login createrole password :'password';
create database mirante owner migrator;
-- The isolation audit keeps its thousands of rejected statements out of the server's log.
grant set on parameter log_min_messages to migrator with grant option;
grant pg_use_reserved_connections to migrator with admin option;
SQL
for database in template1 postgres mirante; do
    psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$database" --file="${CLOSE_SERVER:-/close-server.sql}"
done
# The first matching rule counts. The image reads the rules when the server starts after setup.
rules=$(cat "$PGDATA/pg_hba.conf")
printf '%s\n' 'host mirante "/^mirante_sql_" all scram-sha-256' 'host all "/^mirante_sql_" all reject' "$rules" >"$PGDATA/pg_hba.conf"
