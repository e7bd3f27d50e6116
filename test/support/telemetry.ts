import { v7 as uuidv7 } from 'uuid';
import type { Pool } from '../../sql/database/db.ts';
import type { EventRow } from '../../sql/events/events.ts';
import type { TestTenant } from './harness.ts';

/** Numbers in [0, 1), the same for the same seed (mulberry32), so that a failure can be reproduced. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Events of every kind that a roll-up counts, at random times in [from, to). */
export function randomEvents(random: () => number, tenants: TestTenant[], count: number, from: number, to: number): EventRow[] {
  const pick = <T>(items: readonly T[]) => items[Math.floor(random() * items.length)] as T;
  return Array.from({ length: count }, () => {
    const type = pick([
      'br.validahub.validation.completed.v1',
      'br.validahub.correction.applied.v1',
      'mirante.http.request.v1',
      'x.v1',
    ]);
    const whole = () => Math.floor(random() * 50);
    const bodies: Record<string, () => unknown> = {
      'br.validahub.validation.completed.v1': () => ({
        marketplace: pick(['mercado-livre', 'amazon', undefined]),
        rows: pick([whole(), 'many', -3, 1e30]),
        errors: whole(),
        warnings: whole(),
        rules: pick([{ title: whole(), price: whole() }, { price: whole() }, {}, undefined]),
      }),
      'br.validahub.correction.applied.v1': () => ({
        marketplace: pick(['amazon', 'shopee']),
        rule: pick(['title', 'price']),
        rows: whole(),
      }),
      'mirante.http.request.v1': () => ({ route: pick(['/v1/events', '/v1/metrics/:name']), status: 200 }),
    };
    const data = bodies[type]?.();
    const body = data ? JSON.stringify(data) : null;
    return {
      keyId: pick(tenants).keyIds.ingest,
      id: uuidv7(),
      time: Math.floor(from + random() * (to - from)) * 1000,
      type,
      source: 'test',
      eventId: null,
      subject: null,
      outcome: pick(['success', 'failure', null] as const),
      durationMs: pick([null, 0, random() * 10_000]),
      bytes: 100 + whole(),
      data: body,
      attributes: null,
    };
  });
}

type Measures = Record<string, number | null>;
export type Answers = Map<string, Measures>;

/** The expected rows of each roll-up for these events, computed without the database. */
export function expectedAnswers(events: EventRow[], tenants: TestTenant[]): Record<string, Answers> {
  const answers: Record<string, Answers> = {};
  const owner = new Map(tenants.map((tenant) => [tenant.keyIds.ingest, tenant.id]));
  for (const event of events) {
    const data = event.data ? JSON.parse(event.data) : {};
    const route = event.type === 'mirante.http.request.v1' ? data.route : null;
    const add = (noun: string, dims: unknown[], measures: Measures) => {
      for (const [suffix, width] of Object.entries({ hourly: 3_600_000, daily: 86_400_000 })) {
        const bucket = Math.floor(event.time / 1000 / width) * width;
        const key = JSON.stringify([owner.get(event.keyId), bucket, ...dims.map((dim) => dim ?? null)]);
        const rows = answers[`${noun}_${suffix}`] ?? new Map<string, Measures>();
        answers[`${noun}_${suffix}`] = rows;
        rows.set(key, total(rows.get(key), measures));
      }
    };
    add('events', [event.type, event.outcome, route], { events: 1, bytes: event.bytes });
    if (event.durationMs !== null) add('latency', [event.type, route, bin(event.durationMs)], { events: 1 });
    if (event.type === 'br.validahub.validation.completed.v1') {
      const { rows, errors, warnings } = data;
      const measures = { validations: 1, rows: sane(rows), errors: sane(errors), warnings: sane(warnings) };
      add('validations', [data.marketplace, event.outcome], measures);
      for (const [rule, hits] of Object.entries(data.rules ?? {})) {
        add('rules', [data.marketplace, rule], { hits: sane(hits), validations: 1 });
      }
    }
    if (event.type === 'br.validahub.correction.applied.v1') {
      add('corrections', [data.marketplace, data.rule], { corrections: 1, rows: sane(data.rows) });
    }
  }
  return answers;
}

const DIMS: Record<string, string[]> = {
  events: ['type', 'outcome', 'route'],
  latency: ['type', 'route', 'bin'],
  validations: ['marketplace', 'outcome'],
  rules: ['marketplace', 'rule'],
  corrections: ['marketplace', 'rule'],
};
export const ROLLUPS = Object.keys(DIMS).flatMap((noun) => [`${noun}_hourly`, `${noun}_daily`]);

/** The actual rows of a roll-up, in the form of expectedAnswers(). */
export async function readAnswers(owner: Pool, rollup: string): Promise<Answers> {
  const { rows } = await owner.query(`select * from private.${rollup}`);
  const dims = DIMS[rollup.split('_')[0] as string] as string[];
  return new Map(
    rows.map(({ tenant_id, bucket, ...rest }) => {
      const measures = Object.fromEntries(
        Object.entries(rest as Record<string, number>).filter(([name]) => !dims.includes(name)),
      );
      return [JSON.stringify([tenant_id, bucket.getTime(), ...dims.map((dim) => rest[dim])]), measures];
    }),
  );
}

const bin = (ms: number) => (ms > 0 ? Math.ceil(Math.log(ms) / Math.log(1.04)) : -32768);
const sane = (value: unknown) => (typeof value === 'number' ? Math.min(Math.max(Math.round(value), 0), 1e12) : null);

function total(before: Measures | undefined, added: Measures): Measures {
  if (!before) return added;
  const sum = (name: string) => (before[name] === null ? (added[name] ?? null) : (before[name] ?? 0) + (added[name] ?? 0));
  return Object.fromEntries(Object.keys(added).map((name) => [name, sum(name)]));
}
