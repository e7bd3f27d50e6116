import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { v7 as uuidv7 } from 'uuid';
import { type Platform, type Running, startPlatform, stopPlatform } from '../cli/up/platform.ts';
import { readConfig } from '../lib/config.ts';
import { freePort } from '../lib/embedded-postgres.ts';
import { type Client, createPool, type Pool, withTenant } from '../sql/database/db.ts';
import { createKey, createTenant } from '../sql/tenants/tenants.ts';

export type BenchTenant = { id: string; ingest: string; ingestId: string; read: string };

export type Stage = Platform & {
  owner: Pool;
  tenants: BenchTenant[];
  secret: string;
  /** Peak resident memory of the API and of the jobs, and current memory of all PostgreSQL processes, in MB. */
  memory: () => { api_peak: number; jobs_peak: number; postgresql: number };
  /** Current resident memory of the API, in MB. */
  apiMemory: () => number;
  /** CPU seconds used so far by the API, by all PostgreSQL processes together, and by this program. */
  cpu: () => { api: number; postgresql: number; load: number };
  stop: () => Promise<void>;
};

/** The data folder of API and jobs. */
export const FOLDER = '.bench';

/** API, jobs and database as separate processes with their usual durability, on new data. */
export async function raise(tenants: number): Promise<Stage> {
  rmSync(FOLDER, { recursive: true, force: true });
  const config = readConfig();
  const secret = randomBytes(32).toString('hex');
  const running: Running = { programs: [], isReady: false };
  const lines: string[] = [];
  let stopping = false;
  const platform = await startPlatform(running, {
    config,
    dataDir: FOLDER,
    secret,
    port: await freePort(),
    metricsPort: await freePort(),
    say: () => undefined,
    onLogLine(line) {
      if (lines.push(line) > 1000) lines.splice(0, 900);
    },
    onDeath: (sentence) => {
      if (!stopping) process.stderr.write(`${sentence}\n${lines.slice(-20).join('\n')}\n`);
    },
    signal: new AbortController().signal,
  });
  const api = createPool(platform.apiDatabaseUrl, { max: 2, name: 'bench' });
  const owner = createPool(platform.databaseUrl, {
    max: 4,
    name: 'bench owner',
    role: 'mirante_owner',
    statementTimeoutMs: 600_000,
  });
  await startedUp(owner);
  const made: BenchTenant[] = [];
  for (let i = 0; i < tenants; i++) {
    made.push(await withTenant(api, uuidv7(), (client) => makeTenant(client, i), 'login'));
  }
  await api.end();
  return {
    ...platform,
    owner,
    tenants: made,
    secret,
    memory: () => ({
      api_peak: residentOf(running.programs[0]?.pid(), 'VmHWM'),
      jobs_peak: residentOf(running.programs[1]?.pid(), 'VmHWM'),
      postgresql: sharedOut(running.database?.pid()),
    }),
    apiMemory: () => residentOf(running.programs[0]?.pid(), 'VmRSS'),
    cpu() {
      const { user, system } = process.cpuUsage();
      const server = running.database?.pid();
      const postgresql = childrenOf(server).reduce((sum, pid) => sum + cpuSecondsOf(pid), cpuSecondsOf(server, true));
      return { api: cpuSecondsOf(running.programs[0]?.pid()), postgresql, load: (user + system) / 1e6 };
    },
    async stop() {
      stopping = true;
      await owner.end();
      await stopPlatform(running);
      rmSync(FOLDER, { recursive: true, force: true });
    },
  };
}

async function makeTenant(client: Client, i: number): Promise<BenchTenant> {
  const tenant = await createTenant(client, { slug: `bench-${i}`, name: `Bench ${i}`, timezone: 'America/Sao_Paulo' });
  if (!tenant) throw new Error('The bench database is not empty.');
  const ingest = await createKey(client, tenant.id, { name: 'bench', scopes: ['ingest'] });
  const read = await createKey(client, tenant.id, { name: 'bench', scopes: ['read', 'export'] });
  return { id: tenant.id, ingest: ingest.key, ingestId: ingest.id, read: read.key };
}

// Initial work of the jobs, mainly the isolation audit, uses the machine for some seconds.
async function startedUp(owner: Pool): Promise<void> {
  for (;;) {
    const { rowCount } = await owner.query('select from private.isolation_audits');
    if (rowCount) return;
    await new Promise((done) => setTimeout(done, 500));
  }
}

// Memory of a process and its children. Shared pages are divided among them (PSS).
function sharedOut(parent = 0): number {
  let kilobytes = 0;
  for (const pid of [parent, ...childrenOf(parent)]) {
    try {
      kilobytes += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]);
    } catch {
      // The process has ended meanwhile.
    }
  }
  return Math.round(kilobytes / 1024);
}

function childrenOf(parent = 0): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => Number(statOf(pid)[1]) === parent);
}

// The fields of /proc/<pid>/stat after the name: state, parent, … ; none if the process has ended.
function statOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  } catch {
    return [];
  }
}

/** CPU seconds that a process has used, and with `ended` those of its children that have ended. 0 if it has ended itself. */
export function cpuSecondsOf(pid = 0, ended = false): number {
  // In ticks of 10 ms.
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = statOf(pid).slice(11, 15).map(Number);
  return (user + system + (ended ? childUser + childSystem : 0)) / 100;
}

// Linux has the resident size of each process (VmRSS) and its peak (VmHWM); on other systems both are left out.
function residentOf(pid = 0, which: 'VmRSS' | 'VmHWM'): number {
  try {
    const kilobytes = new RegExp(`${which}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Math.round(Number(kilobytes) / 1024);
  } catch {
    return Number.NaN;
  }
}
