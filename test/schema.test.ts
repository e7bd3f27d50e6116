import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { dumpSchema } from '../sql/schema.ts';
import { createDatabase, type TestDatabase } from './harness.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
});
afterAll(() => db.drop());

// Other engines keep hypertables and roll-ups in catalogues of their own.
test.runIf(inject('engine') === 'postgresql')('sql/schema.sql is what the migrations and views make', async () => {
  await expect(await dumpSchema(db.migrator)).toMatchFileSnapshot('../sql/schema.sql');
});
