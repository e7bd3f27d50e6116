import { createPostgresBackend, type Job, type JobsOptions, type Processor, Queue, Worker, withBackend } from 'bullmq';
import type { Logger } from '../lib/log.ts';

export const QUEUES = ['alerts', 'exports', 'imports', 'rollups', 'upkeep'] as const;
export type QueueName = (typeof QUEUES)[number];

/** Who is sent a link to sign in, at which address people reach the platform, and the path where they go on. */
export type LoginLinkRequest = { member: string; url: string; next: string };

const KEPT: JobsOptions = { removeOnComplete: { age: 3600, count: 100 }, removeOnFail: { age: 14 * 86_400, count: 1000 } };
const AGAIN: JobsOptions = { ...KEPT, attempts: 5, backoff: { type: 'exponential', delay: 10_000 } };

/** Retention and retries of each job. A job that its schedule repeats within a minute needs no second attempt. */
export const OPTIONS = {
  heartbeat: { removeOnComplete: true, removeOnFail: true },
  'refresh-rollups': KEPT,
  'collect-journeys': KEPT,
  'remove-comments': AGAIN,
  'measure-objectives': KEPT,
  'run-retention': AGAIN,
  'make-partitions': AGAIN,
  'serve-privacy-requests': KEPT,
  'rewrite-personal-fields': KEPT,
  'offboard-tenants': KEPT,
  'end-sql-logins': KEPT,
  // The error is permanent: do not retry.
  'audit-isolation': KEPT,
  'evaluate-alerts': KEPT,
  'deliver-alerts': KEPT,
  'run-exports': KEPT,
  'check-export-files': AGAIN,
  'run-imports': KEPT,
  'check-imports': AGAIN,
  reconcile: KEPT,
  'check-data-quality': KEPT,
  'build-benchmarks': KEPT,
  'build-due-benchmarks': AGAIN,
  // Its own table schedules the next drill, even after one that failed.
  'restore-drill': KEPT,
  'make-performance-reports': KEPT,
  'make-due-performance-reports': AGAIN,
  'pull-channels': KEPT,
  'send-login-link': { ...AGAIN, removeOnComplete: true },
} satisfies Record<string, JobsOptions>;

export type JobName = keyof typeof OPTIONS;

/** Payload of each job. Never a secret and never an event's contents: operators can read payloads. */
export type Payloads = { [name in JobName]: name extends 'send-login-link' ? LoginLinkRequest : Record<string, never> };

const ASKED_OF = {
  'serve-privacy-requests': 'upkeep',
  'offboard-tenants': 'upkeep',
  'build-benchmarks': 'upkeep',
  'make-performance-reports': 'upkeep',
  'pull-channels': 'upkeep',
  'deliver-alerts': 'alerts',
  'run-exports': 'exports',
  'run-imports': 'imports',
} as const satisfies Partial<Record<JobName, QueueName>>;

/** Jobs that the API enqueues as soon as there is work. The schedule of every minute serves it too. */
export type AskedFor = keyof typeof ASKED_OF;

/** Where the queues are: Redis if set, else the database's schema `bullmq`. */
export type QueueUrls = { redisUrl?: string | undefined; queueDatabaseUrl: string };

export type DeadLetter = { queue: QueueName; id: string; name: string; reason: string; attempts: number; failed_at: string };
export type Depth = { waiting: number; active: number; delayed: number; failed: number };
export type QueueHealth = { [state in keyof Depth]: number | null } & { heartbeat_age_s: number | null };

export type Queues = {
  /** Enqueues a refresh of dirty buckets. Never fails and never waits: the schedule of every minute serves them too. */
  enqueueRefresh: () => void;
  /** Enqueues work on rows that were just committed. Never fails and never waits. */
  enqueue: (name: AskedFor) => void;
  /** Asks for a link to be sent by e-mail. Never fails and never waits: who gets none asks again. */
  sendLoginLink: (request: LoginLinkRequest) => void;
  /** The queues themselves, for the operator's board; others take a place in it after an outage. */
  list: () => Queue[];
  depth: (name: QueueName) => Promise<Depth>;
  /** Jobs that failed permanently, newest first, at most `limit`. */
  deadLetters: (limit: number) => Promise<DeadLetter[]>;
  close: () => Promise<void>;
};

const ANSWER_MS = 2_000;
const REFRESH_EVERY_MS = 1_000;

/** Opens one queue as a producer. It fails at once if the queue is unreachable. */
export function openQueue(urls: QueueUrls, name: QueueName, log: Logger): Queue {
  const redis = { connection: redisOf(urls.redisUrl, false), prefix: prefixOf(urls) };
  const postgres = { connection: { ...postgresOf(urls), max: 2, statement_timeout: 5_000 } };
  const queue = urls.redisUrl ? new Queue(name, redis) : (new OnPostgres.Queue(name, postgres) as unknown as Queue);
  queue.on('error', (error) => log.warn({ queue: name, error: error.message }, 'queue unreachable'));
  return queue;
}

/** Opens the consumer side of one queue. It waits while the queue is unreachable. */
export function openWorker(urls: QueueUrls, name: QueueName, processor: Processor, options: { concurrency: number }): Worker {
  const redis = { ...options, connection: redisOf(urls.redisUrl, true), prefix: prefixOf(urls) };
  const postgres = { ...options, connection: { ...postgresOf(urls), max: options.concurrency + 1 } };
  return urls.redisUrl
    ? new Worker(name, processor, redis)
    : (new OnPostgres.Worker(name, processor, postgres) as unknown as Worker);
}

// BullMQ's types assume Redis, so the PostgreSQL classes are cast to the same types.
const OnPostgres = withBackend(createPostgresBackend);

// Platforms that share a Redis need a database each. Otherwise one would take the other's jobs.
const prefixOf = ({ queueDatabaseUrl }: QueueUrls) => `mirante:${new URL(queueDatabaseUrl).pathname.slice(1)}`;

function redisOf(url: string | undefined, waits: boolean): { [option: string]: unknown } {
  return { url, enableOfflineQueue: waits, maxRetriesPerRequest: waits ? null : 1, connectTimeout: 5_000 };
}

function postgresOf(urls: QueueUrls): { [option: string]: unknown } {
  return { connectionString: urls.queueDatabaseUrl, schema: 'bullmq', connectionTimeoutMillis: ANSWER_MS };
}

/**
 * Enqueues a job. If one is already running, this one is kept and runs after it, because the running one may have started too
 * early to see the new work.
 */
export async function askFor(queue: Queue, job: JobName): Promise<void> {
  await queue.add(job, {}, { ...OPTIONS[job], deduplication: { id: job, keepLastIfActive: true } });
}

/** The producers' side of all queues, for the API. */
export function createQueues(urls: QueueUrls, log: Logger): Queues {
  const open = new Map<QueueName, Queue>(QUEUES.map((name) => [name, openQueue(urls, name, log)]));
  let last = 0;
  let pending: NodeJS.Timeout | undefined;

  // A queue that was opened while PostgreSQL was down never recovers, so the next use opens a new one.
  const dead = new Set<Queue>();

  async function use<T>(name: QueueName, work: (queue: Queue) => Promise<T>): Promise<T> {
    const before = open.get(name) as Queue;
    const queue = dead.delete(before) ? openQueue(urls, name, log) : before;
    if (queue !== before) {
      open.set(name, queue);
      await Promise.allSettled([before.close()]);
    }
    await within(ANSWER_MS, queue.waitUntilReady()).catch((error) => {
      if (!urls.redisUrl) dead.add(queue);
      throw error;
    });
    return within(ANSWER_MS, work(queue));
  }

  async function add(name: QueueName, job: JobName): Promise<void> {
    try {
      await use(name, (queue) => askFor(queue, job));
    } catch (error) {
      log.warn(
        { queue: name, job, error: (error as Error).message },
        'cannot enqueue a job; the next scheduled run does its work',
      );
    }
  }

  function refresh(): Promise<void> {
    pending = undefined;
    last = Date.now();
    return add('rollups', 'refresh-rollups');
  }

  return {
    enqueueRefresh() {
      pending ??= setTimeout(refresh, Math.max(0, last + REFRESH_EVERY_MS - Date.now())).unref();
    },
    enqueue: (name) => void add(ASKED_OF[name], name),
    sendLoginLink(request) {
      use('alerts', (queue) => queue.add('send-login-link', request, OPTIONS['send-login-link'])).catch((error: Error) =>
        log.warn({ queue: 'alerts', error: error.message }, 'cannot enqueue a link to sign in; it is not sent'),
      );
    },
    list: () => [...open.values()],
    depth: (name) => use(name, (queue) => queue.getJobCounts('waiting', 'active', 'delayed', 'failed') as Promise<Depth>),
    async deadLetters(limit) {
      const lists = QUEUES.map((name) => use(name, (queue) => queue.getFailed(0, limit - 1)).then(lettersOf(name)));
      const letters = (await Promise.all(lists)).flat();
      return letters.sort((a, b) => b.failed_at.localeCompare(a.failed_at)).slice(0, limit);
    },
    async close() {
      clearTimeout(pending);
      await Promise.allSettled([...open.values()].map((queue) => within(ANSWER_MS, queue.close())));
    },
  };
}

/** State of every queue. Null: it does not answer, or none of its jobs was ever consumed. */
export async function queueHealth(queues: Queues, ages: Map<string, number>): Promise<Record<QueueName, QueueHealth>> {
  const unknown = { waiting: null, active: null, delayed: null, failed: null };
  const entries = QUEUES.map(async (name) => {
    const depth = await queues.depth(name).catch(() => unknown);
    return [name, { ...depth, heartbeat_age_s: ages.get(name) ?? null }] as const;
  });
  return Object.fromEntries(await Promise.all(entries)) as Record<QueueName, QueueHealth>;
}

const lettersOf = (queue: QueueName) => (jobs: Job[]) =>
  jobs.map((job): DeadLetter => {
    const failedAt = new Date(job.finishedOn ?? job.timestamp).toISOString();
    return {
      queue,
      id: job.id ?? '',
      name: job.name,
      reason: job.failedReason,
      attempts: job.attemptsMade,
      failed_at: failedAt,
    };
  });

/** Rejects if `work` takes longer than `ms`, because a reconnecting client keeps its callers waiting. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
