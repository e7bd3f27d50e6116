import pg from 'pg';
import { migrate } from '../../sql/database/migrate.ts';
import { detectEngine, type Engine } from '../../sql/storage/engine.ts';

export const testSecret = 'x'.repeat(40);

const PREFIX = 'mirante_test_';

/** The same server's URL with another database. */
export function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.toString();
}

/**
 * Creates and migrates the database that test files clone. It keeps a connection until `drop`, which tells other runs on the
 * same server that this run is alive. Databases of runs without such a connection are dropped first.
 */
export async function buildTemplate(
  serverUrl: string,
  name: string,
): Promise<{ name: string; engine: Engine; drop: () => Promise<void> }> {
  const keeper = await connect(serverUrl, name);
  await dropLeftovers(keeper);
  // Marked as a template at once, so that TimescaleDB starts no worker in it, and then closed to connections, so that
  // nothing blocks a copy.
  await keeper.query(`create database ${name} is_template true`);
  await migrate(databaseUrl(serverUrl, name), testSecret);
  const engine = await engineOf(databaseUrl(serverUrl, name));
  await keeper.query(`alter database ${name} allow_connections false`);
  return {
    name,
    engine,
    drop: async () => {
      await dropDatabases(keeper, name);
      await keeper.end();
    },
  };
}

async function connect(serverUrl: string, name: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: serverUrl, application_name: name });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    const { host } = new URL(serverUrl);
    throw new Error(
      `No PostgreSQL takes the login of TEST_DATABASE_URL at ${host}. Either unset it (npm test then starts its own), or run\n` +
        '  docker run --rm -d -p 5432:5432 -e POSTGRES_PASSWORD=test timescale/timescaledb:2.29.2-pg17\n' +
        '  TEST_DATABASE_URL=postgres://postgres:test@127.0.0.1:5432/postgres npm test',
      { cause: error },
    );
  }
  return client;
}

async function engineOf(url: string): Promise<Engine> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await detectEngine(client);
  } finally {
    await client.end();
  }
}

async function dropLeftovers(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ run: string }>(
    `select distinct substring(datname from $1) as run
     from pg_database d
     where datname ~ $1 and pg_has_role(datdba, 'usage')
       and not exists (select from pg_stat_activity where application_name = substring(d.datname from $1))`,
    [`^${PREFIX}\\d+_[a-z0-9]+`],
  );
  for (const { run } of rows) await dropDatabases(client, run);
}

// The template and all clones, which share its name as a prefix.
async function dropDatabases(client: pg.Client, run: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    'select datname as name from pg_database where datname = $1 or starts_with(datname, $2)',
    [run, `${run}_`],
  );
  for (const { name } of rows) {
    await client.query(`alter database ${name} is_template false`);
    await client.query(`drop database ${name} with (force)`);
  }
}
