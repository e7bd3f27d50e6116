import { DelayedError, type Job, type Queue, type Worker } from 'bullmq';
import { Busy } from '../../lib/busy.ts';
import type { Logger } from '../../lib/log.ts';
import { type JobName, openQueue, openWorker, type Payloads, type QueueName, type QueueUrls, within } from '../queues.ts';
import { comesWithinMinutes, enqueueStartJobs, reconcile } from './schedules.ts';

/** What each job does; it knows its dependencies and nothing of BullMQ. */
export type Handlers = { [name in JobName]: (queue: QueueName, told: Payloads[name]) => Promise<void> };

export type Consumer = {
  queue: Queue;
  worker: Worker;
  /** How many of its jobs run in this process. */
  active: () => number;
  /** Whether they take all of its places, so that no heartbeat passes. */
  isFull: () => boolean;
  /** Takes no more jobs, waits for those that run, at most so long, and lets go of all connections. */
  close: (limitMs: number) => Promise<void>;
};

// One for the heartbeat, which must pass by a long job, and one each for what may run at the same time.
const CONCURRENCY = 3;

/** How long after a job found somebody else at its work it is tried again. */
const BUSY_MS = 60_000;

/** Starts consuming one queue: every job gets its log line and its time, every mishap its own. Gives up after a while. */
export async function startConsumer(urls: QueueUrls, name: QueueName, handlers: Handlers, log: Logger): Promise<Consumer> {
  const queue = openQueue(urls, name, log);
  let active = 0;
  const work = async (job: Job, token?: string) => {
    active += 1;
    try {
      await run(job, token, name, handlers, log);
    } finally {
      active -= 1;
    }
  };
  const worker = openWorker(urls, name, work, { concurrency: CONCURRENCY });
  worker.on('error', (error) => log.warn({ queue: name, error: error.message }, 'worker cannot reach its queue'));
  worker.on('stalled', (id) => log.warn({ queue: name, job_id: id }, 'job stalled; it runs again'));
  worker.on('failed', (job, error) => {
    const attempts = { attempts: job?.attemptsMade, of: job?.opts.attempts ?? 1 };
    log.error({ queue: name, job: job?.name, job_id: job?.id, ...attempts, err: error }, 'job failed');
  });
  const close = async (limitMs: number) => {
    await within(limitMs, worker.close()).catch(async (error: Error) => {
      log.warn({ queue: name, error: error.message }, 'stopped while jobs are running; another worker will retry them');
      await settle(worker.close(true));
    });
    await settle(queue.close());
  };
  try {
    await within(10_000, queue.waitUntilReady());
    await within(10_000, reconcile(queue, name));
    await within(10_000, enqueueStartJobs(queue, name));
    return { queue, worker, close, active: () => active, isFull: () => active >= CONCURRENCY };
  } catch (error) {
    await close(1_000);
    throw error;
  }
}

async function run(job: Job, token: string | undefined, queue: QueueName, handlers: Handlers, log: Logger): Promise<void> {
  const started = performance.now();
  const name = job.name as JobName;
  if (!handlers[name]) throw new Error(`no such job: ${job.name}`);
  try {
    await (handlers[name] as (queue: QueueName, told: unknown) => Promise<void>)(queue, job.data);
  } catch (error) {
    if (!(error instanceof Busy)) throw error;
    log.info({ queue, job: name, job_id: job.id, reason: error.message }, 'job postponed');
    if (comesWithinMinutes(name)) return;
    // It gives its place back instead of waiting in it.
    await job.moveToDelayed(Date.now() + BUSY_MS, token);
    throw new DelayedError();
  }
  log.debug({ queue, job: name, job_id: job.id, ms: Math.round(performance.now() - started) }, 'job done');
}

// Closing what an outage has broken may fail or never end; nothing is left to do about it either way.
async function settle(closing: Promise<unknown>): Promise<void> {
  await Promise.allSettled([within(2_000, closing)]);
}
