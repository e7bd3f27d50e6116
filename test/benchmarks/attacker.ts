import type { Actor, Publish, World } from './worlds.ts';

/** p of the p % rule: nobody may learn a metric more closely than this. */
const P = 0.15;

export type Attempt = { tried: number; narrowed: boolean; exact: boolean };

/**
 * What an attacker can learn of one unit's metric in one period. The attacker knows the program, who took part when,
 * everything published, and the metrics of its own units (sybils). The metric can be any value of a world with exactly the
 * same published results. The victim is safe if in one such world its metric differs by more than p % (`exact` false), or if
 * in one such world it has swapped places with another unit: then that unit's metric is as good a guess, and nothing says
 * whose is whose.
 */
export async function attack(world: World, seen: string, victim: number, at: number, publish: Publish): Promise<Attempt> {
  const own = world.actors[victim]?.figures[at] as number;
  let tried = 0;
  let exact = true;
  let confused = false;
  for (const other of candidates(world, victim, at)) {
    const figure = other.actors[victim]?.figures[at] as number;
    const isFar = figure < own * (1 - P) || figure > own * (1 + P);
    if (confused && !isFar) continue;
    tried += 1;
    if ((await publish(other)) !== seen) continue;
    confused = true;
    if (isFar) exact = false;
    if (!exact) break;
  }
  return { tried, narrowed: !confused, exact };
}

// Other worlds: the victim has another metric in that period or in all periods, or has swapped places with another unit that
// is no sybil.
function* candidates(world: World, victim: number, at: number): Generator<World> {
  const { actors, sybils } = world;
  const mine = actors[victim] as Actor;
  for (const factor of [0.84, 1.16, 0.6, 1.6, 0.1, 10]) {
    yield withActor(world, { [victim]: scaled(mine, factor) });
    yield withActor(world, { [victim]: scaled(mine, factor, at) });
  }
  const others = actors
    .map((actor, n) => ({ actor, n }))
    .filter(({ actor, n }) => n >= sybils && n !== victim && actor.figures[at] !== null)
    .sort((a, b) => distance(b.actor, mine, at) - distance(a.actor, mine, at));
  for (const { actor, n } of others) {
    const [one, two] = swapped(mine, actor);
    yield withActor(world, { [victim]: one, [n]: two });
  }
}

const distance = (actor: Actor, mine: Actor, at: number) =>
  Math.abs(Math.log((actor.figures[at] as number) / (mine.figures[at] as number)));

function scaled(actor: Actor, factor: number, at?: number): Actor {
  const isScaled = (period: number) => at === undefined || period === at;
  return { ...actor, figures: actor.figures.map((figure, period) => figure && (isScaled(period) ? figure * factor : figure)) };
}

function swapped(one: Actor, two: Actor): [Actor, Actor] {
  const both = one.figures.map((figure, t) => figure !== null && two.figures[t] !== null);
  const take = (from: Actor, to: Actor): Actor => ({
    ...to,
    figures: to.figures.map((figure, t) => (both[t] ? (from.figures[t] as number) : figure)),
    volumes: to.volumes.map((volume, t) => (both[t] ? (from.volumes[t] as number) : volume)),
  });
  return [take(two, one), take(one, two)];
}

function withActor(world: World, changes: Record<number, Actor>): World {
  return { ...world, actors: world.actors.map((actor, n) => changes[n] ?? actor) };
}
