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
  /** Number of its jobs that run in this process. */
  active: () => number;
  /** True if they take all its slots, so that no heartbeat can run. */
  isFull: () => boolean;
  /** Takes no more jobs, waits at most `limitMs` for running ones, and closes all connections. */
  close: (limitMs: number) => Promise<void>;
};

// One slot for the heartbeat, so that a long job does not block it, and the others for jobs that may run at the same time.
const CONCURRENCY = 3;

/** Delay of the retry if a job finds that another worker is already doing its work. */
const BUSY_MS = 60_000;

/** Starts consuming one queue and logs each job and each error. Rejects if the queue does not answer within 10 s. */
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
    // The job frees its slot instead of waiting in it.
    await job.moveToDelayed(Date.now() + BUSY_MS, token);
    throw new DelayedError();
  }
  log.debug({ queue, job: name, job_id: job.id, ms: Math.round(performance.now() - started) }, 'job done');
}

// Closing broken connections may fail or never finish. Nothing can be done about either.
async function settle(closing: Promise<unknown>): Promise<void> {
  await Promise.allSettled([within(2_000, closing)]);
}
