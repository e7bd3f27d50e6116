import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, makeTenant, type TestDatabase } from './harness.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
});
afterAll(() => db.drop());

test('the harness', async () => {
  const tenant = await makeTenant(db);
  expect((await db.owner.query('select * from private.api_keys where tenant_id = $1', [tenant.id])).rowCount).toBe(5);
  expect((await db.jobs.query('select * from private.api_keys where tenant_id = $1', [tenant.id])).rowCount).toBe(5);
});
