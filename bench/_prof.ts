import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { freePort, startEmbeddedPostgres } from '../lib/embedded-postgres.ts';
import { createPool } from '../sql/db.ts';
import { migrate } from '../sql/migrate.ts';
import { createKey, createTenant } from '../sql/queries/tenants.ts';
import { roleUrl } from '../sql/roles.ts';
import { load, post, quantile } from './http-load.ts';

rmSync('.bench2', { recursive: true, force: true });
const p = await startEmbeddedPostgres('.bench2');
const secret = 'x'.repeat(40);
await migrate(p.url, secret);
const api = createPool(roleUrl(p.url, secret, 'mirante_api'), { max: 2, name: 'b' });
const keys: string[] = [];
for (let i = 0; i < 50; i++) {
  const t = await createTenant(api, { slug: `b${i}`, name: 'b' });
  keys.push((await createKey(api, t!.id, { name: 'b', scopes: ['ingest'] })).key);
}
const port = await freePort();
const child = spawn(
  process.execPath,
  [...(process.argv[4] === 'prof' ? ['--cpu-prof', '--cpu-prof-dir=/tmp/prof'] : []), '--import', 'tsx', 'api/server.ts'],
  {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      DATABASE_URL: p.url,
      MIRANTE_SECRET: secret,
      PORT: String(port),
      METRICS_PORT: String(await freePort()),
    },
  },
);
for (;;) {
  if ((await fetch(`http://127.0.0.1:${port}/livez`).catch(() => undefined))?.ok) break;
  await new Promise((r) => setTimeout(r, 100));
}
let serial = 0;
const { readFileSync, readdirSync } = await import('node:fs');
function cpuOf(pid: number) { try { const f = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' '); return (Number(f[11]) + Number(f[12]) + Number(f[13]) + Number(f[14])) / 100; } catch { return 0; } }
function pgCpu() { let s = cpuOf(p.pid); for (const d of readdirSync('/proc')) if (/^\d+$/.test(d)) { try { const st = readFileSync(`/proc/${d}/stat`, 'utf8').split(') ')[1]!.split(' '); if (Number(st[1]) === p.pid) s += (Number(st[11]) + Number(st[12])) / 100; } catch {} } return s; }

const batch = Number(process.argv[2]),
  conns = Number(process.argv[3]);
const ev = () => {
  const n = serial++;
  return `{"id":"01020304-0000-4000-8000-${n.toString(16).padStart(12, '0')}","type":"shop.order.created.v1","source":"bench","time":"${new Date().toISOString()}","data":{"marketplace":"magalu","rows":${n % 1000},"duration_ms":${(n % 997) + 0.5},"outcome":"success"}}`;
};
for (const secs of [3, 8]) {
  const cpu0 = process.cpuUsage(); const api0 = cpuOf(child.pid!); const pg0 = pgCpu();
  const r = await load(
    `http://127.0.0.1:${port}`,
    conns,
    secs,
    (t) => post('/v1/events', keys[t % 50]!, batch === 1 ? ev() : `[${Array.from({ length: batch }, ev).join(',')}]`),
    ({ status, body }) => {
      if (status !== 202) throw new Error(body);
    },
  );
  const c = process.cpuUsage(cpu0);
  process.stdout.write(
    `events/s ${(r.perSecond * batch).toFixed(0)} p50 ${quantile(r.durations, 0.5).toFixed(1)} p99 ${quantile(r.durations, 0.99).toFixed(1)} us/event: loadgen ${((c.user + c.system) / (r.perSecond*batch*secs)).toFixed(1)} api ${((cpuOf(child.pid!)-api0)*1e6/ (r.perSecond*batch*secs)).toFixed(1)} pg ${((pgCpu()-pg0)*1e6/(r.perSecond*batch*secs)).toFixed(1)}\n`,
  );
}
const { execSync } = await import('node:child_process');
process.stdout.write(execSync(`ps -o pid,time,rss,args -C node,postgres --sort=-time | cut -c1-110 | head -8`).toString());
child.kill('SIGTERM');
await new Promise((r) => child.once('exit', r));
await api.end();
await p.stop();
rmSync('.bench2', { recursive: true, force: true });
