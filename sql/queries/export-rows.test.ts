import { v4 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, makeTenant, type TestDatabase, type TestTenant } from '../../test/harness.ts';
import { withTenant } from '../db.ts';
import { columnsOf, copyRows, type Selection, type Shape } from './export-rows.ts';

let db: TestDatabase;
let tenant: TestTenant;

const DAY_MS = 86_400_000;
const window = () => ({ from: new Date(Date.now() - DAY_MS), to: new Date(Date.now() + DAY_MS) });

beforeAll(async () => {
  db = await createDatabase();
  tenant = await makeTenant(db);
  await db.owner.query(
    `insert into private.events (tenant_id, time, id, received_at, type, source, event_id, subject, outcome, duration_ms, bytes, data, attributes)
     values ($1, now(), $2, now(), 'a.v1', '=1+1', 'x', '', null, 1.5, 10, '{"a": 12345678901234567890.10, "t": "l1\\nl2\\u0001"}', '{"x": 1}'),
            ($1, now() - interval '1 hour', $3, now(), 'a.v1', 's"q', null, null, 'failure', null, 10, null, null)`,
    [tenant.id, v4(), v4()],
  );
});
afterAll(() => db.drop());

async function read(selection: Selection, shape: Shape): Promise<{ text: string; rows: number }> {
  return withTenant(db.api, tenant.id, async (client) => {
    const stream = copyRows(client, selection, shape);
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return { text: Buffer.concat(chunks).toString(), rows: stream.rowCount };
  });
}

test('x', async () => {
  for (const dataset of ['events', 'metrics'] as const)
    for (const shape of [{ format: 'csv', delimiter: ',', guard: true }, { format: 'ndjson' }] as const) {
      const { text, rows } = await read({ dataset, ...window(), filter: {} }, shape);
      process.stdout.write(`${rows}\n${text}\n`);
    }
  expect(columnsOf('events').length).toBe(12);
});
