#!/bin/sh
# Run once by the image of the database, when its volume is new. Mirante's programs never use the superuser: the migrator owns
# the database and may make roles, no more.
psql --no-psqlrc --set=ON_ERROR_STOP=1 --set=password="$MIGRATOR_PASSWORD" --username="$POSTGRES_USER" --dbname=postgres <<'SQL'
create role migrator login createrole password :'password';
create database mirante owner migrator;
-- So that the audit of the isolation keeps its thousands of refusals out of the server's log.
grant set on parameter log_min_messages to migrator with grant option;
SQL
