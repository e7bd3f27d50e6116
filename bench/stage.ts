import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { type Platform, type Running, startPlatform, stopPlatform } from '../cli/platform.ts';
import { readConfig } from '../lib/config.ts';
import { freePort } from '../lib/embedded-postgres.ts';
import { createPool, type Pool } from '../sql/db.ts';
import { createKey, createTenant } from '../sql/queries/tenants.ts';

export type BenchTenant = { id: string; ingest: string; ingestId: string; read: string };

export type Stage = Platform & {
  owner: Pool;
  tenants: BenchTenant[];
  /** Highest resident memory so far of the API and of the jobs, in MB. */
  peakMemory: () => { api: number; jobs: number };
  stop: () => Promise<void>;
};

const FOLDER = '.bench';

/** The real thing, API, jobs and database as separate processes with their usual durability, on data of its own. */
export async function raise(tenants: number): Promise<Stage> {
  rmSync(FOLDER, { recursive: true, force: true });
  const config = readConfig();
  const secret = randomBytes(32).toString('hex');
  const running: Running = { children: [] };
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
    onStart: () => undefined,
    signal: new AbortController().signal,
  });
  const api = createPool(platform.apiDatabaseUrl, { max: 2, name: 'bench' });
  const owner = createPool(platform.databaseUrl, {
    max: 4,
    name: 'bench owner',
    role: 'mirante_owner',
    statementTimeoutMs: 600_000,
  });
  const made: BenchTenant[] = [];
  for (let i = 0; i < tenants; i++) {
    const tenant = await createTenant(api, { slug: `bench-${i}`, name: `Bench ${i}`, timezone: 'America/Sao_Paulo' });
    if (!tenant) throw new Error('The bench database is not empty.');
    const ingest = await createKey(api, tenant.id, { name: 'bench', scopes: ['ingest'] });
    const read = await createKey(api, tenant.id, { name: 'bench', scopes: ['read'] });
    made.push({ id: tenant.id, ingest: ingest.key, ingestId: ingest.id, read: read.key });
  }
  await api.end();
  return {
    ...platform,
    owner,
    tenants: made,
    peakMemory: () => ({ api: peakOf(running.children[0]?.pid), jobs: peakOf(running.children[1]?.pid) }),
    async stop() {
      stopping = true;
      await owner.end();
      await stopPlatform(running);
      rmSync(FOLDER, { recursive: true, force: true });
    },
  };
}

// Linux keeps the highest resident size of each process; elsewhere the figure is left out.
function peakOf(pid = 0): number {
  try {
    const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Math.round(Number(kilobytes) / 1024);
  } catch {
    return Number.NaN;
  }
}
