import { setTimeout } from 'node:timers/promises';
import type { Config } from '../../lib/config.ts';
import type { Logger } from '../../lib/log.ts';
import { webhookSecret } from '../../lib/webhook-secret.ts';
import {
  claimDelivery,
  type DeliveryOutcome,
  type DueDelivery,
  disableEndpoint,
  failUnreachable,
  type Message,
  nextDelivery,
  settleDelivery,
} from '../../sql/alerts/deliveries.ts';
import type { ServiceMessage } from '../../sql/alerts/service-messages.ts';
import { type Pool, withTransaction } from '../../sql/database/db.ts';
import { within } from '../queues.ts';
import { mailOf } from './mail-text.ts';
import { createMailer, type Mailer } from './send-mail.ts';
import { sendWebhook } from './send-webhook.ts';
import { serviceMailOf } from './service-mail.ts';

export type DeliverDeps = {
  pool: Pool;
  log: Logger;
  clock: () => Date;
  signal?: AbortSignal | undefined;
  /** The platform's secret. Secrets of webhooks are derived from it. */
  secret: string;
  config: Pick<Config, 'ALERTS_ALLOW_PRIVATE_NETWORKS' | 'ALERTS_FROM' | 'SMTP_URL'>;
};

/** Delay before each retry, in seconds, as Standard Webhooks proposes. After the last retry the delivery fails. */
export const RETRY_AFTER_SECONDS = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000];

/** Deliveries that are sent at the same time. */
const SENDERS = 40;
/** A run waits for deliveries that are due this soon, because the next run comes only within a minute. */
const SOON_MS = 10_000;
/** How often a run that waits for slow endpoints looks for new due deliveries. */
const LOOK_AGAIN_MS = 1_000;
/** How long after the last call a run starts new deliveries. The next run sends the rest. */
const BUDGET_MS = 50_000;
const MAIL_LIMIT_MS = 40_000;

/**
 * Returns the job that sends due deliveries and records each attempt. Only one run is active in this process, so that slow
 * endpoints take one slot of the queue: a call during a run makes it look again and returns at once. A message may arrive twice,
 * with the same id.
 */
export function createDeliveryRunner(deps: DeliverDeps): () => Promise<void> {
  const { SMTP_URL, ALERTS_FROM } = deps.config;
  const mailer = SMTP_URL && ALERTS_FROM ? createMailer(SMTP_URL, ALERTS_FROM) : undefined;
  const senders = new Set<Promise<void>>();
  let isRunning = false;
  let until = 0;
  let failure: unknown;

  const mayTake = () => failure === undefined && !deps.signal?.aborted && Date.now() < until;

  // Each sender that finds a delivery starts another, so that none looks when nothing is due.
  function look(): void {
    if (senders.size >= SENDERS || !mayTake()) return;
    const sender = send()
      .catch((error: unknown) => {
        failure ??= error;
      })
      .finally(() => senders.delete(sender));
    senders.add(sender);
  }

  async function send(): Promise<void> {
    while (mayTake()) {
      const due = await claimDelivery(deps.pool, deps.clock());
      if (!due) return;
      look();
      await attempt(deps, due, mailer);
    }
  }

  async function soon(): Promise<number | undefined> {
    if (!mayTake()) return undefined;
    const next = await nextDelivery(deps.pool, deps.clock());
    const wait = (next?.getTime() ?? Number.POSITIVE_INFINITY) - deps.clock().getTime();
    return wait <= SOON_MS ? wait : undefined;
  }

  async function runAll(): Promise<void> {
    for (;;) {
      look();
      while (senders.size > 0) {
        const pause = new AbortController();
        const late = setTimeout(LOOK_AGAIN_MS, true, { signal: pause.signal }).catch(() => false);
        if (await Promise.race([late, Promise.all(senders)]).then((first) => first === true)) look();
        pause.abort();
      }
      const wait = await soon();
      if (wait !== undefined) await setTimeout(wait, undefined, { signal: deps.signal }).catch(() => undefined);
      else if (senders.size === 0) return;
    }
  }

  return async () => {
    until = Date.now() + BUDGET_MS;
    if (isRunning) {
      look();
      return;
    }
    isRunning = true;
    failure = undefined;
    try {
      await failUnreachable(deps.pool, deps.clock());
      await runAll();
      if (failure !== undefined) throw failure;
    } finally {
      isRunning = false;
    }
  };
}

/** A single run. */
export const deliverAlerts = (deps: DeliverDeps) => createDeliveryRunner(deps)();

async function attempt(deps: DeliverDeps, due: DueDelivery, mailer: Mailer | undefined): Promise<void> {
  const answer = due.kind === 'webhook' ? await post(deps, due) : await mail(due, mailer);
  const { status, error } = answer;
  const now = deps.clock();
  const told = { tenant: due.tenant_id, delivery: due.id, attempts: due.attempts, response_code: status, error };
  if (due.kind === 'webhook' && status === 410) {
    deps.log.warn({ ...told, endpoint: due.endpoint_id }, 'endpoint answered 410; it is disabled');
    const gone: DeliveryOutcome = { status: 'failed', dueAt: null, responseCode: status, error: 'gone' };
    await withTransaction(deps.pool, 'begin', (client) => disableEndpoint(client, due, gone, now));
    return;
  }
  const outcome = outcomeOf(due.attempts, answer, now);
  deps.log[outcome.status === 'failed' ? 'warn' : 'info']({ ...told, status: outcome.status }, 'alert attempted');
  await settleDelivery(deps.pool, due, outcome, now);
}

/** `final`: do not retry. */
type Answer = { status: number | null; error: string | null; final?: boolean };

function outcomeOf(attempts: number, { status: responseCode, error, final }: Answer, now: Date): DeliveryOutcome {
  if (error === null) return { status: 'delivered', dueAt: null, responseCode, error };
  const seconds = RETRY_AFTER_SECONDS[attempts - 1];
  if (final || seconds === undefined) return { status: 'failed', dueAt: null, responseCode, error };
  return { status: 'waiting', dueAt: new Date(now.getTime() + seconds * 1000), responseCode, error };
}

async function post({ config, secret, clock }: DeliverDeps, due: DueDelivery): Promise<Answer> {
  const rotating = due.old_secret_until && due.old_secret_until > clock();
  const versions = rotating ? [due.secret_version, due.secret_version - 1] : [due.secret_version];
  const secrets = versions.map((version) => webhookSecret(secret, due.endpoint_id, version));
  const message = { url: due.target, id: due.id, body: due.message, secrets };
  const answer = await sendWebhook(message, config.ALERTS_ALLOW_PRIVATE_NETWORKS);
  if ('error' in answer) return { status: null, error: answer.error };
  const { status } = answer;
  return { status, error: status >= 200 && status < 300 ? null : 'status' };
}

const textOf = (message: Message | ServiceMessage, due: DueDelivery) =>
  'rule' in message.data ? mailOf(message as Message, due) : serviceMailOf(message as ServiceMessage, due);

async function mail(due: DueDelivery, mailer: Mailer | undefined): Promise<Answer> {
  if (!mailer) return { status: null, error: 'no-email' };
  try {
    await within(MAIL_LIMIT_MS, mailer.send(due.id, due.target, textOf(JSON.parse(due.message), due)));
    return { status: null, error: null };
  } catch (error) {
    // The server's own message may contain anything.
    const { responseCode = null, code = 'not-sent' } = error as { responseCode?: number; code?: string };
    return { status: responseCode, error: code, final: responseCode !== null && responseCode >= 500 };
  }
}
