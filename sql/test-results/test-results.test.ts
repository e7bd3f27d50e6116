import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeTenant, useDatabase } from '../../test/support/harness.ts';
import { withTenant } from '../database/db.ts';
import type { Scan } from './markr.ts';
import { addScans, figuresOf, TEST_POLICIES } from './test-results.ts';

const db = await useDatabase();
const tenant = await makeTenant(db);

type Row = {
  student_id: string;
  available_points: number;
  obtained_points: number;
  origins_import_vault: string[];
  date_of_test: Date | null;
};

async function resultsOf(testId: string): Promise<Row[]> {
  const { rows } = await db.owner.query<Row>(
    `select student_id, available_points, obtained_points, origins_import_vault, date_of_test
     from private.student_test_results where tenant_id = $1 and test_id = $2 order by student_id`,
    [tenant.id, testId],
  );
  return rows;
}

const HOUR = ['2017-12-04T01:00:00.000Z', '2017-12-04T02:00:00.000Z', '2017-12-04T03:00:00.000Z', null];

/** The rule, in plain words of another language: what the database must end with. */
function expected(scans: (Scan & { import: string })[], policy: string) {
  const students = [...new Set(scans.map(({ student }) => student))].sort();
  return students.map((student) => {
    const own = scans.filter((scan) => scan.student === student);
    const available = Math.max(...own.map((scan) => scan.available));
    const rivals = policy === 'max-each.v1' ? own : own.filter((scan) => scan.available === available);
    const obtained = Math.max(...rivals.map((scan) => scan.obtained));
    const dates = rivals.filter((scan) => scan.obtained === obtained).flatMap(({ scannedAt }) => scannedAt ?? []);
    return {
      student_id: student,
      available_points: available,
      obtained_points: obtained,
      origins_import_vault: [...new Set(own.map((scan) => scan.import))].sort(),
      date_of_test: dates.length > 0 ? new Date(dates.sort()[0] as string) : null,
    };
  });
}

const scanOf = fc.record({
  student: fc.constantFrom('002299', '2299', 'é', '3'),
  available: fc.integer({ min: 1, max: 4 }),
  share: fc.integer({ min: 0, max: 4 }),
  scannedAt: fc.constantFrom(...HOUR),
});

test('the order of documents, their splits, repetitions and simultaneity do not change the results', async () => {
  let number = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(scanOf, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 5 }),
      fc.constantFrom(...TEST_POLICIES),
      fc.boolean(),
      async (documents, policy, atOnce) => {
        number += 1;
        const id = `p${number}`;
        const sent = documents.map((scans) => ({
          import: randomUUID(),
          scans: scans.map(({ share, ...scan }, line) => ({
            ...scan,
            test: id,
            obtained: Math.min(share, scan.available),
            line,
          })),
        }));
        const batches = sent.flatMap((document) =>
          document.scans.length > 2
            ? [
                { ...document, first: 2, scans: document.scans.slice(2) },
                { ...document, first: 0, scans: document.scans.slice(0, 2) },
              ]
            : [{ ...document, first: 0 }],
        );
        const all = [...batches, ...batches.toReversed()];
        const add = ({ import: importId, scans, first }: (typeof all)[number]) =>
          addScans(db.jobs, tenant.id, importId, scans, first, policy);
        if (atOnce) await Promise.all(all.map(add));
        else for (const batch of all) await add(batch);
        const scans = sent.flatMap((document) => document.scans.map((scan) => ({ ...scan, import: document.import })));
        expect(await resultsOf(id)).toEqual(expected(scans, policy));
        // The same from all scans at once, and by the other policy.
        for (const other of [policy, ...TEST_POLICIES]) {
          await db.jobs.query('select private.hold_tests($1, $2, $3)', [tenant.id, [id], other]);
          await db.jobs.query('select private.judge_tests($1, $2)', [tenant.id, [id]]);
          expect(await resultsOf(id)).toEqual(expected(scans, other));
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('equal documents change no marks and no updated_on', async () => {
  const scans: Scan[] = [{ student: '1', test: 'same', available: 20, obtained: 10, scannedAt: null, line: 1 }];
  expect(await addScans(db.jobs, tenant.id, randomUUID(), scans, 0, null)).toBe(1);
  const read = async () =>
    (
      await db.owner.query(
        "select updated_on, cardinality(origins_import_vault) as origins from private.student_test_results where test_id = 'same'",
      )
    ).rows[0];
  const before = await read();
  expect(await addScans(db.jobs, tenant.id, randomUUID(), scans, 0, null)).toBe(0);
  expect(await read()).toEqual({ updated_on: before.updated_on, origins: 2 });
});

test('figures are the same as PostgreSQL’s own aggregates, also for one result and for rows with other marks available', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(scanOf, { minLength: 1, maxLength: 30 }), fc.uuid(), async (scans, id) => {
      const rows = scans.map(({ share, ...scan }, n) => ({
        ...scan,
        test: id,
        student: String(n),
        obtained: Math.min(share, scan.available),
        line: n,
      }));
      await addScans(db.jobs, tenant.id, randomUUID(), rows, 0, null);
      const figures = (await withTenant(db.api, tenant.id, (client) => figuresOf(client, [id]))).get(id);
      const { rows: own } = await db.owner.query(
        `select count(*)::integer as count, avg(p) as mean, stddev_pop(p) as stddev, min(p) as min, max(p) as max, percentile_cont(0.25) within group (order by p) as p25,
             percentile_cont(0.5) within group (order by p) as p50, percentile_cont(0.75) within group (order by p) as p75
         from (select obtained_points * 100.0::double precision / max(available_points) over () as p from private.student_test_results where test_id = $1) r`,
        [id],
      );
      for (const [name, value] of Object.entries(own[0])) expect(figures?.[name as 'mean'], name).toBeCloseTo(Number(value), 9);
    }),
    { numRuns: 30 },
  );
});
