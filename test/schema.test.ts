import { expect, inject, test } from 'vitest';
import { z } from 'zod';
import { fileSchema, wordsSchema } from '../api/dashboards/definition.ts';
import { dumpSchema } from '../sql/database/schema.ts';
import { useDatabase } from './support/harness.ts';

const db = await useDatabase();

// Other engines keep hypertables and roll-ups in their own catalogues.
test.runIf(inject('engine') === 'postgresql')('sql/schema.sql matches the migrations and views', async () => {
  await expect(await dumpSchema(db.migrator)).toMatchFileSnapshot('../sql/schema.sql');
});

test.each([
  ['schema.json', fileSchema],
  ['words.schema.json', wordsSchema],
])('dashboards/%s matches what api/dashboards/definition.ts accepts', async (file, accepted) => {
  const schema = z.toJSONSchema(accepted, { io: 'input' });
  await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot(`../dashboards/${file}`);
});

test('security definer functions set their search path, and the public cannot run them', async () => {
  const { rows } = await db.migrator.query(
    `select p.oid::regprocedure::text as name
     from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where p.prosecdef and n.nspname !~ '^(pg_|_?timescaledb)'
       and not (coalesce(array_to_string(p.proconfig, ','), '') ~ 'search_path='
                and not exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) where grantee = 0))`,
  );
  expect(rows).toEqual([]);
});

test('row security is enabled and forced on every table with a tenant_id', async () => {
  const { rows } = await db.migrator.query(
    `select c.oid::regclass::text as name
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
     where c.relnamespace = 'private'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
       and not (c.relrowsecurity and c.relforcerowsecurity)`,
  );
  expect(rows).toEqual([]);
});

test('no function takes an advisory lock, which any login of the database could use to block it', async () => {
  const { rows } = await db.migrator.query(
    `select p.oid::regprocedure::text as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname in ('private', 'app', 'bi', 'ops', 'door', 'storage') and p.prosrc ~ 'pg_(try_)?advisory'`,
  );
  expect(rows).toEqual([]);
});
