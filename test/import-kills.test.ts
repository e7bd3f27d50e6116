import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, inject, test } from 'vitest';
import { createRandom } from '../cli/sample/random.ts';
import { environmentWith } from '../lib/config.ts';
import type { Json } from './support/api.ts';
import { makeTenant, testSecret, useDatabase } from './support/harness.ts';
import { useVault } from './support/imports.ts';

const KILLS = inject('kills');
// Fewer rows and more than are written without a checkpoint.
const SIZES = [8_000, 3_000];

const db = await useDatabase();
const { api, folder } = await useVault(db);
const tenant = await makeTenant(db);
const { ingest, tenant_admin } = tenant.keys;
const begin = Math.floor(Date.now() / 86_400_000) * 86_400_000 - 86_400_000;
let ahead = 0;

/** Runs a worker that kills itself after a while. Returns whether it did. */
async function work(life?: number): Promise<boolean> {
  // Past the lease of the one before.
  ahead += 61_000;
  const settings = {
    API_DATABASE_URL: db.urls.api,
    JOBS_DATABASE_URL: db.urls.jobs,
    MIRANTE_DATA_DIR: folder,
    MIRANTE_SECRET: testSecret,
    OBJECT_STORE_URL: undefined,
    REDIS_URL: undefined,
    LOG_LEVEL: 'silent',
  };
  const args = [
    '--import',
    'tsx',
    'test/support/import-worker.ts',
    String(ahead),
    ...(life === undefined ? [] : [String(life)]),
  ];
  const worker = spawn(process.execPath, args, { env: environmentWith(settings), stdio: ['ignore', 'ignore', 'inherit'] });
  const [, signal] = await once(worker, 'exit');
  return signal === 'SIGKILL';
}

const find = async (path: string): Promise<Json> => (await api.call('GET', path, tenant_admin)).body;

/** What is stored of a type: events, different ids, those with a number, and lineage by which the document brought them. */
async function stored(type: string, document: string): Promise<Json> {
  const { rows } = await db.owner.query(
    `select count(*)::integer as events, count(distinct e.event_id)::integer as ids,
         count(*) filter (where jsonb_typeof(e.data -> 'marks') = 'number')::integer as numbers,
         count(*) filter (where r.is_origin)::integer as brought
     from private.events e left join private.import_rows r on r.tenant_id = e.tenant_id and r.time = e.time and r.id = e.id and r.import_id = $3
     where e.tenant_id = $1 and e.type = $2`,
    [tenant.id, type, document],
  );
  return rows[0];
}

test(
  `a worker is killed ${KILLS} times while it reads documents, or reads them again: each row is there once, with its lineage`,
  async () => {
    const random = createRandom(5);
    let kills = 0;
    async function finish(path: string, last: string): Promise<Json> {
      for (;;) {
        if (await work(kills < KILLS ? 100 + random.next() * 2_000 : undefined)) kills++;
        const found = await find(path);
        if (found.status === last) return found;
        expect(['stored', 'running', 'queued', 'comparing', 'applying']).toContain(found.status);
      }
    }
    for (let n = 0; kills < KILLS; n++) {
      const rows = SIZES[n % 2] as number;
      const type = `com.example.scan-${n}.v1`;
      const mapping = { type: { value: type }, id: 'scan', time: 'at' };
      const lines = Array.from(
        { length: rows },
        (_, row) => `${n}-${row},${new Date(begin + row * 1_000).toISOString()},${row % 40}`,
      );
      const query = new URLSearchParams({ mapping: JSON.stringify(mapping) });
      const body = `scan,at,marks\n${lines.join('\n')}\n`;
      const { body: sent } = await api.call('POST', `/v1/imports?${query}`, ingest, body, { 'content-type': 'text/csv' });
      const read = await finish(`/v1/imports/${sent.id}`, 'imported');
      expect(read).toMatchObject({ rows, counts: { read: rows }, progress: 100, findings: [] });
      expect(await stored(type, sent.id)).toEqual({ events: rows, ids: rows, numbers: 0, brought: rows });

      const again = { dry_run: false, mapping: { ...mapping, numbers: ['marks'] } };
      const asked = await api.call('POST', `/v1/imports/${sent.id}/reprocess`, tenant_admin, again);
      const run = await finish(`/v1/imports/reprocess/${asked.body.id}`, 'completed');
      expect(run).toMatchObject({ changed: rows, added: 0, removed: 0 });
      expect(await stored(type, sent.id)).toEqual({ events: rows, ids: rows, numbers: rows, brought: rows });
      const kept = await fetch(`${api.url}/v1/imports/${sent.id}/body`, {
        headers: { authorization: `Bearer ${tenant_admin}` },
      });
      expect(await kept.text()).toBe(body);
    }
  },
  60_000 + KILLS * 20_000,
);
