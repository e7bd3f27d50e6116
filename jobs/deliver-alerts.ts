import { setTimeout } from 'node:timers/promises';
import type { Config } from '../lib/config.ts';
import type { Logger } from '../lib/log.ts';
import { webhookSecret } from '../lib/webhook-secret.ts';
import { type Pool, withTransaction } from '../sql/db.ts';
import {
  claimDelivery,
  type DueDelivery,
  disableEndpoint,
  type Message,
  nextDelivery,
  type Outcome,
  settleDelivery,
} from '../sql/queries/alert-deliveries.ts';
import { mailOf } from './alert-mail.ts';
import { within } from './queues.ts';
import { createMailer, type Mailer } from './send-mail.ts';
import { sendWebhook } from './send-webhook.ts';

export type DeliverDeps = {
  pool: Pool;
  log: Logger;
  clock: () => Date;
  signal?: AbortSignal | undefined;
  /** The platform's secret, from which those of webhooks derive. */
  secret: string;
  config: Pick<Config, 'ALERTS_ALLOW_PRIVATE_NETWORKS' | 'ALERTS_FROM' | 'SMTP_URL'>;
};

/** How long after an attempt the next one comes, in seconds; after the last it has failed. As Standard Webhooks proposes. */
export const RETRY_AFTER_SECONDS = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000];

/** Deliveries that are sent at the same time. */
const SENDERS = 20;
/** What is due so soon is waited for: the next run comes within a minute. */
const SOON_MS = 10_000;
const MAIL_LIMIT_MS = 40_000;

/** Sends what is due, each attempt noted. May run several times at once; a notice may arrive twice, under the same id. */
export async function deliverAlerts(deps: DeliverDeps): Promise<void> {
  const { SMTP_URL, ALERTS_FROM } = deps.config;
  const mailer = SMTP_URL && ALERTS_FROM ? createMailer(SMTP_URL, ALERTS_FROM) : undefined;
  const sender = async () => {
    while (!deps.signal?.aborted) {
      const due = await claimDelivery(deps.pool, deps.clock());
      if (!due) return;
      await attempt(deps, due, mailer);
    }
  };
  for (;;) {
    await Promise.all(Array.from({ length: SENDERS }, sender));
    const next = await nextDelivery(deps.pool, deps.clock());
    const wait = (next?.getTime() ?? Number.POSITIVE_INFINITY) - deps.clock().getTime();
    if (deps.signal?.aborted || wait > SOON_MS) return;
    await setTimeout(wait, undefined, { signal: deps.signal }).catch(() => undefined);
  }
}

async function attempt(deps: DeliverDeps, due: DueDelivery, mailer: Mailer | undefined): Promise<void> {
  const answer = due.kind === 'webhook' ? await post(deps, due) : await mail(due, mailer);
  const { status, error } = answer;
  const now = deps.clock();
  const told = { tenant: due.tenant_id, delivery: due.id, attempts: due.attempts, response_code: status, error };
  if (due.kind === 'webhook' && status === 410) {
    deps.log.warn({ ...told, endpoint: due.endpoint_id }, 'endpoint is gone: nothing is sent there any more');
    await settleDelivery(deps.pool, due.id, { status: 'failed', dueAt: null, responseCode: status, error: 'gone' }, now);
    await withTransaction(deps.pool, 'begin', (client) => disableEndpoint(client, due.endpoint_id, 'gone', now));
    return;
  }
  const outcome = outcomeOf(due.attempts, answer, now);
  deps.log[outcome.status === 'failed' ? 'warn' : 'info']({ ...told, status: outcome.status }, 'alert attempted');
  await settleDelivery(deps.pool, due.id, outcome, now);
}

/** `final`: no use in trying again. */
type Answer = { status: number | null; error: string | null; final?: boolean };

function outcomeOf(attempts: number, { status: responseCode, error, final }: Answer, now: Date): Outcome {
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

async function mail(due: DueDelivery, mailer: Mailer | undefined): Promise<Answer> {
  if (!mailer) return { status: null, error: 'no-email' };
  try {
    await within(MAIL_LIMIT_MS, mailer.send(due.id, due.target, mailOf(JSON.parse(due.message) as Message, due)));
    return { status: null, error: null };
  } catch (error) {
    // The server's own words may be anything.
    const { responseCode = null, code = 'not-sent' } = error as { responseCode?: number; code?: string };
    return { status: responseCode, error: code, final: responseCode !== null && responseCode >= 500 };
  }
}
