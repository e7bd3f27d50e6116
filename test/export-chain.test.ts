import { v7 as uuidv7 } from 'uuid';
import { expect, test } from 'vitest';
import { createRandom } from '../cli/sample/random.ts';
import { type Instant, instantAt } from '../lib/time.ts';
import { withTransaction } from '../sql/database/db.ts';
import { type EventRow, storeEvents } from '../sql/events/events.ts';
import type { ExportJob, Format } from '../sql/exports/jobs.ts';
import { DAY, useExports } from './support/exports.ts';
import { makeTenant, type TestTenant, useDatabase } from './support/harness.ts';

const db = await useDatabase();
const exports = await useExports(db, undefined, { rows: 40 });

const eventOf = (tenant: TestTenant, time: number): EventRow => ({
  keyId: tenant.keyIds.ingest,
  id: uuidv7(),
  time: Math.round(time) * 1000,
  type: 'test.chain.v1',
  source: 'test',
  eventId: null,
  subject: null,
  outcome: null,
  durationMs: null,
  bytes: 10,
  data: null,
  attributes: null,
});

const FORMATS: Format[] = ['csv', 'ndjson', 'parquet'];

// Some events are weeks late, some are ahead of the clock, and every other flush commits long after it reads its time of
// receipt.
test.each([1, 2, 3])(
  'consecutive incremental exports during ingestion hold every event once (seed %i)',
  async (seed) => {
    const tenant = await makeTenant(db);
    const random = createRandom(seed);
    const stored: string[] = [];
    let writing = true;
    const writer = async (number: number) => {
      for (let flush = 0; flush < 12; flush++) {
        const ages = Array.from({ length: 1 + random.poisson(6) }, () => random.pick({ now: 4, late: 2, ahead: 1 }));
        const age = { now: () => 0, late: () => random.next() * 25 * DAY, ahead: () => -random.next() * 8 * 60_000 };
        const rows = ages.map((kind) => eventOf(tenant, Date.now() - age[kind]()));
        const pause = number % 2 === 0 ? 0 : random.next() / 20;
        await withTransaction(db.api, 'begin', async (client) => {
          await storeEvents(client as never, rows);
          await client.query('select pg_sleep($1)', [pause]);
        });
        stored.push(...rows.map(({ id }) => id));
      }
    };
    const writers = Promise.all([1, 2, 3, 4].map(writer)).finally(() => {
      writing = false;
    });

    const ids: string[] = [];
    let before: ExportJob | null = null;
    for (let turn = 0, isLast = false; !isLast; turn++) {
      isLast = !writing;
      const from: Instant = before?.window_from ?? instantAt(new Date(Date.now() - 30 * DAY));
      // Windows end before, at, or after the present; the last one ends after all events.
      const ahead = isLast ? DAY : (random.next() - 0.5) * 60_000;
      const [to = ''] = [instantAt(new Date(Date.now() + ahead)), before?.window_to ?? ''].sort().reverse();
      const format = FORMATS[turn % 3] as Format;
      const { id } = await exports.ask(tenant, { format, from, to, since: before });
      await exports.run();
      before = await exports.find(tenant, id);
      expect(before.status).toBe('completed');
      ids.push(...(await exports.idsIn(tenant, id)));
    }
    await writers;
    expect(ids.toSorted()).toEqual(stored.toSorted());
    expect(await exports.unaccounted()).toEqual([]);
  },
  60_000,
);
