import type { JobsOptions, Queue, RepeatOptions } from 'bullmq';
import { type JobName, OPTIONS, type QueueName } from '../queues.ts';

type Schedule = { queue: QueueName; job: JobName; repeat: RepeatOptions };

/** What runs when. A new schedule runs at once, and then at its times in UTC. */
export const SCHEDULES: Schedule[] = [
  { queue: 'alerts', job: 'heartbeat', repeat: { every: 15_000 } },
  { queue: 'alerts', job: 'evaluate-alerts', repeat: { every: 60_000 } },
  { queue: 'alerts', job: 'deliver-alerts', repeat: { every: 60_000 } },
  // Exports have a queue of their own: a long export takes its workers for hours.
  { queue: 'exports', job: 'heartbeat', repeat: { every: 15_000 } },
  { queue: 'exports', job: 'run-exports', repeat: { every: 60_000 } },
  { queue: 'exports', job: 'check-export-files', repeat: { pattern: '15 2 * * *', tz: 'UTC' } },
  // A queue of their own for the same reason.
  { queue: 'imports', job: 'heartbeat', repeat: { every: 15_000 } },
  { queue: 'imports', job: 'run-imports', repeat: { every: 60_000 } },
  { queue: 'imports', job: 'check-imports', repeat: { pattern: '45 2 * * *', tz: 'UTC' } },
  { queue: 'rollups', job: 'heartbeat', repeat: { every: 15_000 } },
  { queue: 'rollups', job: 'refresh-rollups', repeat: { every: 60_000 } },
  { queue: 'rollups', job: 'collect-journeys', repeat: { every: 60_000 } },
  // Not in upkeep, whose jobs may take minutes and would delay an alert.
  { queue: 'rollups', job: 'measure-objectives', repeat: { every: 60_000 } },
  { queue: 'upkeep', job: 'heartbeat', repeat: { every: 15_000 } },
  { queue: 'upkeep', job: 'serve-privacy-requests', repeat: { every: 60_000 } },
  { queue: 'upkeep', job: 'rewrite-personal-fields', repeat: { every: 60_000 } },
  { queue: 'upkeep', job: 'offboard-tenants', repeat: { every: 60_000 } },
  { queue: 'upkeep', job: 'end-sql-logins', repeat: { every: 60_000 } },
  { queue: 'upkeep', job: 'build-benchmarks', repeat: { every: 60_000 } },
  { queue: 'upkeep', job: 'make-performance-reports', repeat: { every: 60_000 } },
  { queue: 'upkeep', job: 'pull-channels', repeat: { every: 60_000 } },
  { queue: 'upkeep', job: 'make-due-performance-reports', repeat: { pattern: '55 4 * * *', tz: 'UTC' } },
  { queue: 'upkeep', job: 'make-partitions', repeat: { pattern: '5 * * * *', tz: 'UTC' } },
  { queue: 'upkeep', job: 'audit-isolation', repeat: { pattern: '35 * * * *', tz: 'UTC' } },
  { queue: 'upkeep', job: 'check-data-quality', repeat: { pattern: '10 * * * *', tz: 'UTC' } },
  { queue: 'upkeep', job: 'remove-comments', repeat: { pattern: '15 * * * *', tz: 'UTC' } },
  { queue: 'upkeep', job: 'restore-drill', repeat: { pattern: '25 * * * *', tz: 'UTC' } },
  { queue: 'upkeep', job: 'reconcile', repeat: { pattern: '50 3 * * *', tz: 'UTC' } },
  { queue: 'upkeep', job: 'build-due-benchmarks', repeat: { pattern: '40 4 * * *', tz: 'UTC' } },
  { queue: 'upkeep', job: 'run-retention', repeat: { pattern: '20 3 * * *', tz: 'UTC' } },
];

/** True if the job repeats at a short interval, so that a postponed one need not be kept. */
export function comesWithinMinutes(name: JobName): boolean {
  return SCHEDULES.some(({ job, repeat }) => job === name && 'every' in repeat);
}

/** Makes the schedules of one queue match the table, and removes those that are no longer listed. */
export async function reconcile(queue: Queue, name: QueueName): Promise<void> {
  const listed = SCHEDULES.filter((schedule) => schedule.queue === name);
  for (const { job, repeat } of listed) {
    const { attempts, backoff, removeOnComplete, removeOnFail } = OPTIONS[job] as JobsOptions;
    const opts = Object.fromEntries(
      Object.entries({ attempts, backoff, removeOnComplete, removeOnFail }).filter(([, value]) => value !== undefined),
    );
    await queue.upsertJobScheduler(job, repeat, { name: job, data: {}, opts });
  }
  for (const scheduler of await queue.getJobSchedulers()) {
    if (!listed.some(({ job }) => job === scheduler.key)) await queue.removeJobScheduler(scheduler.key);
  }
}

/** Enqueues, once, the jobs that must also run after every start. */
export async function enqueueStartJobs(queue: Queue, name: QueueName): Promise<void> {
  for (const { job } of SCHEDULES.filter((schedule) => schedule.queue === name && 'pattern' in schedule.repeat)) {
    await queue.add(job, {}, { ...OPTIONS[job], deduplication: { id: `start ${job}` } });
  }
}
