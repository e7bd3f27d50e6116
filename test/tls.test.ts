import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { v4 } from 'uuid';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createQueues } from '../jobs/queues.ts';
import { type EmbeddedPostgres, freePort, startEmbeddedPostgres } from '../lib/embedded-postgres.ts';
import { createPool } from '../sql/database/db.ts';
import { migrate } from '../sql/database/migrate.ts';
import { roleUrl } from '../sql/database/roles.ts';
import { useApi } from './support/api.ts';
import { type Certificates, makeCertificates } from './support/certificates.ts';
import { makeTenant, need, type TestDatabase, testSecret, useDatabase } from './support/harness.ts';
import { startProgram } from './support/program.ts';

const openssl = need('openssl');
const redisServer = need('redis-server');
const silent = pino({ level: 'silent' });

describe.skipIf(!openssl)('PostgreSQL that requires TLS', () => {
  let certificates: Certificates;
  let server: EmbeddedPostgres;

  /** The server's URL with these parameters. */
  function address(parameters: Record<string, string>, host = '127.0.0.1'): string {
    const url = new URL(server.url);
    url.hostname = host;
    url.search = new URLSearchParams(parameters).toString();
    return url.toString();
  }

  beforeAll(async () => {
    certificates = makeCertificates(openssl as string);
    server = await startEmbeddedPostgres(certificates.folder, {
      settings: {
        ssl: 'on',
        ssl_cert_file: certificates.cert,
        ssl_key_file: certificates.key,
        fsync: 'off',
        shared_buffers: '32MB',
      },
    });
    writeFileSync(join(server.home, 'postgres', 'pg_hba.conf'), 'hostssl all all 127.0.0.1/32 scram-sha-256\n');
    const pool = createPool(address({ sslmode: 'no-verify' }), { max: 1, name: 'test' });
    await pool.query('select pg_reload_conf()');
    await pool.end();
  });
  afterAll(async () => {
    await server.stop();
    if (server.home !== certificates.folder) rmSync(server.home, { recursive: true, force: true });
    certificates.remove();
  });

  const verified = () => ({ sslmode: 'verify-full', sslrootcert: certificates.ca });

  test('the migration, API, jobs and queues connect, each with its own login', async () => {
    const url = address(verified());
    await migrate(url, testSecret);
    const login = (role: Parameters<typeof roleUrl>[2]) => roleUrl(url, testSecret, role);
    const urls = {
      api: login('mirante_api'),
      queue: login('mirante_queue'),
      metabase: login('mirante_metabase'),
      ops: login('mirante_ops'),
    };
    const api = await useApi({ urls });
    const pool = createPool(urls.api, { max: 1, name: 'test' });
    onTestFinished(() => pool.end());
    const tenant = await makeTenant({ api: pool });
    const sent = await api.call('POST', '/v1/events', tenant.keys.ingest, { type: 'a', id: v4() });
    expect([sent.status, sent.body.accepted]).toEqual([202, 1]);
    expect((await pool.query('select ssl from pg_stat_ssl where pid = pg_backend_pid()')).rows).toEqual([{ ssl: true }]);
    const queues = createQueues({ queueDatabaseUrl: urls.queue }, silent);
    onTestFinished(() => queues.close());
    expect(await queues.depth('rollups')).toMatchObject({ waiting: 0 });
    const jobs = createPool(login('mirante_jobs'), { max: 1, name: 'test', role: 'mirante_owner' });
    onTestFinished(() => jobs.end());
    expect((await jobs.query('select current_user as name')).rows).toEqual([{ name: 'mirante_owner' }]);
  });

  test.each([
    ['without encryption', () => address({}), /no encryption/],
    [
      'with the certificate of another authority',
      () => address({ ...verified(), sslrootcert: certificates.otherCa }),
      /unable to verify/,
    ],
    ['without a known authority', () => address({ sslmode: 'verify-full' }), /unable to verify/],
    ['by a name that is not in its certificate', () => address(verified(), 'localhost'), /does not match certificate/],
  ])('cannot be reached %s', async (_, url, reason) => {
    await expect(migrate(url(), testSecret)).rejects.toThrow(reason);
    const pool = createPool(roleUrl(url(), testSecret, 'mirante_api'), { max: 1, name: 'test' });
    onTestFinished(() => pool.end());
    await expect(pool.query('select 1')).rejects.toThrow(reason);
    const queues = createQueues({ queueDatabaseUrl: roleUrl(url(), testSecret, 'mirante_queue') }, silent);
    onTestFinished(() => queues.close());
    await expect(queues.depth('rollups')).rejects.toThrow(reason);
  });
});

describe.skipIf(!openssl || !redisServer)('Redis that requires TLS', () => {
  let certificates: Certificates;
  let db: TestDatabase;
  let redis: ChildProcess;
  let port: number;

  beforeAll(async () => {
    certificates = makeCertificates(openssl as string);
    db = await useDatabase();
    port = await freePort();
    const { folder, ca, cert, key } = certificates;
    const tls = ['--tls-port', String(port), '--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', ca];
    const flags = ['--port', '0', '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--tls-auth-clients', 'no'];
    redis = spawn(redisServer as string, [...flags, ...tls, '--requirepass', 'pass'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const output = redis.stdout as NonNullable<typeof redis.stdout>;
    for await (const line of createInterface({ input: output })) if (line.includes('Ready to accept')) break;
    output.resume();
  });
  afterAll(async () => {
    const gone = once(redis, 'exit');
    redis.kill('SIGTERM');
    await gone;
    certificates.remove();
  });

  const start = (settings: Record<string, string>) =>
    startProgram({
      API_DATABASE_URL: db.urls.api,
      QUEUE_DATABASE_URL: db.urls.queue,
      METABASE_DATABASE_URL: db.urls.metabase,
      OPS_DATABASE_URL: db.urls.ops,
      ...settings,
    });

  test('queues and limits use it if Node knows its certificate authority', async () => {
    const program = await start({ REDIS_URL: `rediss://:pass@127.0.0.1:${port}`, NODE_EXTRA_CA_CERTS: certificates.ca });
    const tenant = await makeTenant(db);
    const client = new Redis({ port, host: '127.0.0.1', password: 'pass', tls: { ca: readFileSync(certificates.ca) } });
    onTestFinished(() => client.disconnect());
    await expect.poll(program.output, { timeout: 20_000 }).toContain('"listening"');
    const counted = async () => {
      const { status } = await fetch(`${program.url}/v1/metrics`, { headers: { authorization: `Bearer ${tenant.keys.read}` } });
      return [status, (await client.keys('*')).includes(`requests:${tenant.id}`)];
    };
    await expect.poll(counted, { timeout: 60_000 }).toEqual([200, true]);
    const ready = await (await fetch(`${program.url}/readyz`)).json();
    expect(ready).toMatchObject({ checks: { 'queue:rollups': { waiting: 0 } } });
    await program.child.stop();
    expect(program.output()).not.toMatch(/unreachable|:pass@/);
  });

  test.each([
    ['with the certificate of another authority', '127.0.0.1', () => certificates.otherCa, /self-signed certificate/],
    ['by a name that is not in its certificate', 'localhost', () => certificates.ca, /does not match certificate/],
  ])('cannot be reached %s', async (_, host, ca, reason) => {
    const program = await start({ REDIS_URL: `rediss://:pass@${host}:${port}`, NODE_EXTRA_CA_CERTS: ca() });
    await expect.poll(program.output, { timeout: 20_000 }).toMatch(reason);
    await program.child.stop();
    expect(program.output()).toMatch(/Redis is unreachable/);
  });
});
