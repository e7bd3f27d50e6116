import { pino } from 'pino';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRule, listRuleStates, type NewRule, type Rule, updateRule } from '../../sql/alerts/rules.ts';
import { windowOf } from '../../sql/alerts/signals.ts';
import { withClient, withTenant } from '../../sql/database/db.ts';
import { findCanaries, plant } from '../../sql/tenants/canaries.ts';
import { makeTenant, type TestTenant, useDatabase } from '../../test/support/harness.ts';
import { evaluateAlerts } from './evaluate.ts';
import { stepOf } from './state.ts';

// The current hour is read live on every engine.
const START = Math.floor(Date.now() / 3600_000) * 3600_000;
const log = pino({ level: 'silent' });

let endpoint: string;

const db = await useDatabase();
const [acme, rival] = [await makeTenant(db), await makeTenant(db)];

beforeAll(async () => {
  endpoint = await makeEndpoint(acme);
});
beforeEach(() => db.owner.query('delete from private.alert_rules; delete from private.alert_deliveries'));

const NEW: NewRule = {
  name: 'many',
  enabled: true,
  metric: 'events.count',
  filter: {},
  condition: 'above',
  threshold: 2,
  window_seconds: 300,
  for_seconds: 0,
  cool_down_seconds: 600,
  no_data: 'ok',
  notify: [],
};

async function makeEndpoint({ id }: TestTenant): Promise<string> {
  const { rows } = await db.owner.query<{ id: string }>(
    `insert into private.alert_endpoints (id, tenant_id, kind, target) values (gen_random_uuid(), $1, 'webhook', 'https://hooks.example/') returning id`,
    [id],
  );
  return rows[0]?.id as string;
}

const watch = async (rule: Partial<NewRule>, { id } = acme): Promise<Rule> =>
  (await withTenant(db.api, id, (client) => createRule(client, id, { ...NEW, notify: [endpoint], ...rule }), 'login')) as Rule;

const happen = (
  tenant: TestTenant,
  minute: number,
  count: number,
  more: { type?: string; outcome?: string; ms?: number } = {},
) =>
  db.owner.query(
    `insert into private.events (tenant_id, time, id, received_at, type, source, bytes, outcome, duration_ms)
     select $1, $2, gen_random_uuid(), now(), $4, 'test', 1, $5, $6 from generate_series(1, $3)`,
    [tenant.id, new Date(START + minute * 60_000), count, more.type ?? 'a.v1', more.outcome ?? null, more.ms ?? null],
  );

const evaluate = (minute: number) =>
  evaluateAlerts({ pool: db.jobs, log, clock: () => new Date(START + minute * 60_000), logins: db.urls });

const states = async ({ id } = acme) => withTenant(db.api, id, (client) => listRuleStates(client, undefined, 100));
const stateOf = async (rule: Rule) => (await states()).find(({ rule_id }) => rule_id === rule.id)?.state;

async function notices(): Promise<string[]> {
  const { rows } = await db.owner.query<{ text: string }>(
    `select type || ' ' || coalesce(message #>> '{data,value}', 'none') as text from private.alert_deliveries order by id`,
  );
  return rows.map(({ text }) => text);
}

describe('a rule', () => {
  test('fires once, recovers, and sends a message of both', async () => {
    await db.owner.query('truncate private.events');
    const rule = await watch({});
    await happen(rival, 0, 50);
    await evaluate(0);
    expect([await stateOf(rule), await notices()]).toEqual(['ok', []]);
    await happen(acme, 1, 3);
    for (const minute of [1, 2, 3]) await evaluate(minute);
    expect([await stateOf(rule), await notices()]).toEqual(['firing', ['alert.firing 3']]);
    expect((await states())[0]).toMatchObject({ value: 3, since: new Date(START + 60_000) });
    await evaluate(7);
    expect([await stateOf(rule), await notices()]).toEqual(['ok', ['alert.firing 3', 'alert.recovered 0']]);
    expect(await states(rival)).toEqual([]);
  });

  test('waits until its condition has held for long enough', async () => {
    await db.owner.query('truncate private.events');
    const rule = await watch({ for_seconds: 120, window_seconds: 300 });
    await happen(acme, 0, 3);
    const seen = [];
    for (const minute of [0, 1, 2]) {
      await evaluate(minute);
      seen.push(await stateOf(rule));
    }
    expect([seen, await notices()]).toEqual([['pending', 'pending', 'firing'], ['alert.firing 3']]);
  });

  test('does not count time without evaluations', async () => {
    await db.owner.query('truncate private.events');
    const rule = await watch({ for_seconds: 600, window_seconds: 3600 });
    await happen(acme, 0, 3);
    const seen = [];
    for (const minute of [0, 1, 30, 31, 38, 39]) {
      await evaluate(minute);
      seen.push([minute, await stateOf(rule)]);
    }
    // One minute, two of the pause, one, two of the next pause, one: seven minutes count.
    expect(seen.filter(([, state]) => state !== 'pending')).toEqual([]);
    for (const minute of [40, 41, 42]) await evaluate(minute);
    expect([await stateOf(rule), await notices()]).toEqual(['firing', ['alert.firing 3']]);
  });

  test('without data is unknown, or fires if it is set to', async () => {
    await db.owner.query('truncate private.events');
    const [quiet, loud] = [
      await watch({ metric: 'events.error_rate' }),
      await watch({ metric: 'events.error_rate', no_data: 'alert', condition: 'below' }),
    ];
    await evaluate(0);
    expect([await stateOf(quiet), await stateOf(loud), await notices()]).toEqual(['unknown', 'firing', ['alert.firing none']]);
    await happen(acme, 1, 4, { outcome: 'failure' });
    await evaluate(1);
    expect([await stateOf(quiet), await stateOf(loud)]).toEqual(['ok', 'firing']);
  });

  test('sees what its filter matches, over its own window', async () => {
    await db.owner.query('truncate private.events');
    await happen(acme, 0, 4, { type: 'a.v1', outcome: 'failure', ms: 900 });
    await happen(acme, 20, 1, { type: 'b.v1', outcome: 'success', ms: 100 });
    const rules = [
      await watch({ window_seconds: 3600, filter: { type: 'b.v1' } }),
      await watch({ window_seconds: 3600 }),
      await watch({ window_seconds: 300 }),
      await watch({ window_seconds: 86_400, filter: { outcome: 'failure' } }),
      await watch({ metric: 'latency.p95', window_seconds: 3600 }),
      await watch({ metric: 'events.error_rate', window_seconds: 30 * 86_400 }),
    ];
    await evaluate(20);
    const values = new Map((await states()).map(({ rule_id, value }) => [rule_id, value]));
    expect(rules.map(({ id }) => values.get(id))).toEqual([1, 5, 1, 4, expect.closeTo(900, -2), 0.8]);
  });

  test('that is disabled is forgotten, and starts over', async () => {
    await db.owner.query('truncate private.events');
    const rule = await watch({});
    await happen(acme, 0, 3);
    await evaluate(0);
    await withTenant(db.api, acme.id, (client) => updateRule(client, rule.id, { ...rule, enabled: false }), 'login');
    await evaluate(1);
    expect([await states(), (await db.owner.query('select from private.alert_states')).rowCount]).toEqual([[], 0]);
  });

  test('that cannot be read keeps its state, does not block others, and is logged', async () => {
    await db.owner.query('truncate private.events');
    const [broken, whole] = [await watch({ metric: 'validations.count' }), await watch({})];
    await happen(acme, 0, 3);
    await evaluate(0);
    await db.migrator.query('alter view app.validations_hourly rename to away');
    await happen(acme, 1, 1);
    await expect(evaluate(1)).rejects.toThrow('cannot read the metrics of 1 alert rules');
    await db.migrator.query('alter view app.away rename to validations_hourly');
    const { rows } = await db.owner.query('select rule_id, evaluated_at, value from private.alert_states');
    expect(rows).toContainEqual({ rule_id: broken.id, evaluated_at: new Date(START), value: 0 });
    expect(rows).toContainEqual({ rule_id: whole.id, evaluated_at: new Date(START + 60_000), value: 4 });
  });

  test('sends nothing to a deleted endpoint', async () => {
    await db.owner.query('truncate private.events');
    const gone = await makeEndpoint(acme);
    await watch({ notify: [gone, endpoint] });
    await db.owner.query('update private.alert_endpoints set disabled_at = now() where id = $1', [gone]);
    await happen(acme, 0, 3);
    await evaluate(0);
    const { rows } = await db.owner.query('select endpoint_id from private.alert_deliveries');
    expect(rows).toEqual([{ endpoint_id: endpoint }]);
  });
});

test('state and deliveries are stored together or not at all, and by one evaluator at a time', async () => {
  await db.owner.query('truncate private.events');
  await watch({});
  await happen(acme, 0, 3);
  await db.owner.query('alter table private.alert_deliveries add constraint broken check (false) not valid');
  await expect(evaluate(0)).rejects.toMatchObject({ code: '23514' });
  expect((await db.owner.query('select from private.alert_states')).rowCount).toBe(0);
  await db.owner.query('alter table private.alert_deliveries drop constraint broken');
  const counts = await Promise.all([evaluate(0), evaluate(0), evaluate(0)]);
  expect([counts.reduce((a, b) => a + b), await notices()]).toEqual([1, ['alert.firing 3']]);
});

test('rows planted for the isolation audit are ignored', async () => {
  const [canary] = await withClient(db.jobs, findCanaries);
  await withClient(db.jobs, (client) => plant(client, canary));
  await evaluate(0);
  const { rows } = await db.owner.query('select state, value from private.alert_states where tenant_id = $1', [canary.id]);
  expect(rows).toEqual([{ state: 'ok', value: canary.figure }]);
});

test('a window of a day or more begins on the hour, and every window ends on one', () => {
  const at = Date.parse('2026-11-24T10:20:30Z');
  const shown = (seconds: number) =>
    Object.values(windowOf(seconds, at)).map((us) => new Date(us / 1000).toISOString().slice(0, 19));
  expect(shown(300)).toEqual(['2026-11-24T10:15:30', '2026-11-24T11:00:00']);
  expect(shown(86_400)).toEqual(['2026-11-23T10:00:00', '2026-11-24T11:00:00']);
});

test('cool-down: one notification per spell, and no other before it is over', () => {
  const rule = { ...NEW, for_seconds: 60, cool_down_seconds: 600, last: null } as never;
  // One value per minute; * is no data.
  const told = (values: string, over: object = {}) => {
    let last: unknown = null;
    return [...values].map((sign, minute) => {
      const given = { ...(rule as object), ...over, last } as never;
      const { state, notice } = stepOf(given, sign === '*' ? null : Number(sign), new Date(minute * 60_000));
      last = { ...state, evaluated_at: new Date(minute * 60_000) };
      if (notice) return notice === 'alert.firing' ? 'F' : 'R';
      return { ok: '.', pending: 'p', firing: 'f', unknown: '?' }[state.state];
    });
  };
  expect(told('0999990').join('')).toBe('.pFfffR');
  // Again within ten minutes: it fires without a notification, so its recovery has none either.
  expect(told('09900990099').join('')).toBe('.pFR.pf..pf');
  // It fires until after the cool-down: then it notifies.
  expect(told('0990999999999990').join('')).toBe('.pFRpfffffffFffR');
  // No data in between: neither a recovery nor a second notification.
  expect(told('099**990').join('')).toBe('.pF??pfR');
  expect(told('***', { no_data: 'alert' }).join('')).toBe('pFf');
  expect(told('9', { for_seconds: 0 }).join('')).toBe('F');
  expect(told('2', { for_seconds: 0 }).join('')).toBe('.');
});
