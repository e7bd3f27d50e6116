import { chown, readFile, rename, stat, writeFile } from 'node:fs/promises';
import pg from 'pg';

/**
 * Restricts customer logins to Mirante's database, on a dedicated server that runs on this machine. Connection rules
 * (pg_hba.conf) cover databases created later too; grants are revoked in each existing database. `url` is a superuser's URL of
 * Mirante's database.
 */
export async function closeServer(url: string): Promise<void> {
  const text = await readFile(new URL('./close-server.sql', import.meta.url), 'utf8');
  const databases = await within(url, async (client) => {
    await closeConnections(client);
    const { rows } = await client.query<{ name: string }>('select datname as name from pg_database where datallowconn');
    return rows.map(({ name }) => name);
  });
  for (const name of databases) {
    const other = new URL(url);
    other.pathname = `/${encodeURIComponent(name)}`;
    await within(other.toString(), (client) => client.query(text));
  }
}

const [BEGIN, END] = ['# Mirante begins: customers connect to its database only.', '# Mirante ends.'];

// The first matching rule counts, so these come first. They match names, not membership, which the migrator has too.
async function closeConnections(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ file: string; database: string }>(
    "select current_setting('hba_file') as file, current_database() as database",
  );
  const { file, database } = rows[0] as { file: string; database: string };
  const rules = [
    BEGIN,
    `host "${database}" "/^mirante_sql_" all scram-sha-256`,
    'host all "/^mirante_sql_" all reject',
    'local all "/^mirante_sql_" reject',
    END,
  ];
  const text = await readFile(file, 'utf8');
  const lines = text.split('\n');
  const rest = lines.includes(END) ? lines.slice(lines.indexOf(END) + 1) : lines;
  const closed = [...rules, ...rest].join('\n');
  if (closed === text) return;
  // This is the server's own file. It is replaced by rename, so that a crash does not leave it half written.
  const { uid, gid, mode } = await stat(file);
  await writeFile(`${file}.new`, closed, { mode });
  await chown(`${file}.new`, uid, gid);
  await rename(`${file}.new`, file);
  await client.query('select pg_reload_conf()');
}

async function within<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: 'mirante close server' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
