import fc from 'fast-check';
import { expect, test } from 'vitest';
import { attack } from '../benchmarks/attacker.ts';
import { byTheRules, naively, type Publish, type World, worlds } from '../benchmarks/worlds.ts';
import { tally, useDatabase } from '../support/harness.ts';

const WORLDS = 100;
const VICTIMS = 5;

const db = await useDatabase();

type Sum = { victims: number; tried: number; narrowed: string[]; shared: number; released: number };

// Attacks some victims of a world, first the members since the beginning.
async function besiege(world: World, publish: Publish, sum: Sum): Promise<void> {
  const seen = await publish(world);
  sum.released += seen.split('"released"').length - 1;
  const at = world.periods - 1;
  const victims = world.actors.flatMap(({ figures }, n) => (n >= world.sybils && figures[at] !== null ? [n] : []));
  for (const victim of victims.slice(0, VICTIMS)) {
    const { tried, narrowed, exact } = await attack(world, seen, victim, at, publish);
    sum.victims += 1;
    sum.tried += tried;
    if (exact && !narrowed) sum.shared += 1;
    if (narrowed) sum.narrowed.push(`unit ${victim} of ${JSON.stringify(world)}: ${seen}`);
  }
}

test('all published results together narrow no tenant’s metric to 15 %, even with k − 1 colluding tenants', async () => {
  const sum: Sum = { victims: 0, tried: 0, narrowed: [], shared: 0, released: 0 };
  await fc.assert(
    fc.asyncProperty(worlds, async (world) => {
      await besiege(world, byTheRules(db), sum);
      expect(sum.narrowed).toEqual([]);
    }),
    { numRuns: WORLDS, endOnFailure: true },
  );
  tally(sum.tried, sum.narrowed.length);
  expect(sum.released).toBeGreaterThan(WORLDS / 2);
  expect(sum.victims).toBeGreaterThan(2 * WORLDS);
});

test('the same attacks succeed against a naive implementation', async () => {
  const sum: Sum = { victims: 0, tried: 0, narrowed: [], shared: 0, released: 0 };
  for (const world of fc.sample(worlds, 1_000)) await besiege(world, naively, sum);
  expect(sum.narrowed.length).toBeGreaterThan(33);
});
