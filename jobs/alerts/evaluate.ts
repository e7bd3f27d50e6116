import type { Logger } from '../../lib/log.ts';
import { addDeliveries, messageOf, type NewDelivery } from '../../sql/alerts/deliveries.ts';
import { findSignal } from '../../sql/alerts/signals.ts';
import {
  forgetSwitchedOff,
  keepOpenEndpoints,
  keepUnchanged,
  listWatched,
  saveStates,
  type Watched,
  withAlertLock,
} from '../../sql/alerts/states.ts';
import { type Client, createPool, type Pool } from '../../sql/database/db.ts';
import { stepOf } from './state.ts';

export type EvaluateDeps = {
  pool: Pool;
  log: Logger;
  clock: () => Date;
  /** URL of the login that sees one tenant at a time. */
  logins: { api: string };
};

/** Signals that are read at the same time. */
const READERS = 4;

type Answer = { value: number | null } | { error: unknown };

/**
 * Reads the signal of every rule and stores the rule's new state, with the resulting deliveries, in one transaction. Returns the
 * number of deliveries. A rule whose signal cannot be read keeps its state; the job stores all others and then throws.
 */
export async function evaluateAlerts(deps: EvaluateDeps): Promise<number> {
  const now = deps.clock();
  const failures: unknown[] = [];
  const notices = await withAlertLock(deps.pool, async (client) => {
    const rules = await listWatched(client);
    const answers = await readAll(deps, rules, now);
    const read = rules.filter((rule) => 'value' in (answers.get(questionOf(rule)) as Answer));
    failures.push(...[...answers.values()].flatMap((answer) => ('error' in answer ? [answer.error] : [])));
    await forgetSwitchedOff(client);
    return keep(client, read, answers, now);
  });
  if (notices) deps.log.info({ notices }, 'alerts to be sent');
  if (failures.length > 0) throw new AggregateError(failures, `cannot read the metrics of ${failures.length} alert rules`);
  return notices ?? 0;
}

// Rules with the same question share one answer.
const questionOf = ({ tenant_id, metric, filter, window_seconds }: Watched) =>
  JSON.stringify([tenant_id, metric, Object.entries(filter).sort(), window_seconds]);

async function readAll({ logins }: EvaluateDeps, rules: Watched[], now: Date): Promise<Map<string, Answer>> {
  const questions = [...new Map(rules.map((rule) => [questionOf(rule), rule]))];
  const answers = new Map<string, Answer>();
  // Uses the API's login, which is limited to one tenant, so that no rule can see another tenant.
  const pool = createPool(logins.api, { max: READERS, name: 'mirante alerts' });
  const reader = async () => {
    for (let next = questions.pop(); next; next = questions.pop()) {
      const [question, rule] = next;
      answers.set(question, await readOne(pool, rule, now));
    }
  };
  try {
    await Promise.all(Array.from({ length: READERS }, reader));
  } finally {
    await pool.end();
  }
  return answers;
}

async function readOne(pool: Pool, { tenant_id, zone, metric, filter, window_seconds }: Watched, now: Date): Promise<Answer> {
  const signal = findSignal(metric);
  // A metric of a later version, after a downgrade.
  if (!signal) return { value: null };
  try {
    const asked = { tenantId: tenant_id, zone, filter, windowSeconds: window_seconds };
    return { value: await signal.read(pool, asked, now.getTime()) };
  } catch (error) {
    return { error };
  }
}

async function keep(client: Client, rules: Watched[], answers: Map<string, Answer>, now: Date): Promise<number> {
  const unchanged = await keepUnchanged(client, rules);
  const steps = rules
    .filter(({ id }) => unchanged.has(id))
    .map((rule) => ({ rule, ...stepOf(rule, (answers.get(questionOf(rule)) as { value: number | null }).value, now) }));
  const states = steps.map(({ rule, state }) => ({ ...state, ruleId: rule.id, tenantId: rule.tenant_id }));
  await saveStates(client, states, now);
  const told = steps.flatMap(({ rule, state, notice }) =>
    notice ? [{ rule, message: messageOf(notice, rule, state, now) }] : [],
  );
  const open = await keepOpenEndpoints(
    client,
    told.flatMap(({ rule }) => rule.notify),
  );
  const deliveries = told.flatMap(({ rule, message }): NewDelivery[] =>
    rule.notify.filter((id) => open.has(id)).map((endpointId) => ({ tenantId: rule.tenant_id, endpointId, message })),
  );
  await addDeliveries(client, 'owner', deliveries);
  return told.length;
}
