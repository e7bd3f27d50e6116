import type { Queue, RepeatOptions } from 'bullmq';
import { type JobName, OPTIONS, type QueueName } from '../queues.ts';

type Schedule = { queue: QueueName; job: JobName; repeat: RepeatOptions };

/** What runs when. Each comes round at once when it is new, and then at its time in UTC. */
export const SCHEDULES: Schedule[] = [
  { queue: 'alerts', job: 'heartbeat', repeat: { every: 15_000 } },
  { queue: 'alerts', job: 'evaluate-alerts', repeat: { every: 60_000 } },
  { queue: 'alerts', job: 'deliver-alerts', repeat: { every: 60_000 } },
  // With themselves alone: a long one takes its workers for hours.
  { queue: 'exports', job: 'heartbeat', repeat: { every: 15_000 } },
  { queue: 'exports', job: 'run-exports', repeat: { every: 60_000 } },
  { queue: 'exports', job: 'check-export-files', repeat: { pattern: '15 2 * * *', tz: 'UTC' } },
  { queue: 'rollups', job: 'heartbeat', repeat: { every: 15_000 } },
  { queue: 'rollups', job: 'refresh-rollups', repeat: { every: 60_000 } },
  // Not with upkeep, whose jobs may take minutes: an alert would wait for them.
  { queue: 'rollups', job: 'measure-objectives', repeat: { every: 60_000 } },
  { queue: 'upkeep', job: 'heartbeat', repeat: { every: 15_000 } },
  { queue: 'upkeep', job: 'serve-privacy-requests', repeat: { every: 60_000 } },
  { queue: 'upkeep', job: 'offboard-tenants', repeat: { every: 60_000 } },
  { queue: 'upkeep', job: 'end-sql-logins', repeat: { every: 60_000 } },
  { queue: 'upkeep', job: 'build-benchmarks', repeat: { every: 60_000 } },
  { queue: 'upkeep', job: 'make-partitions', repeat: { pattern: '5 * * * *', tz: 'UTC' } },
  { queue: 'upkeep', job: 'audit-isolation', repeat: { pattern: '35 * * * *', tz: 'UTC' } },
  { queue: 'upkeep', job: 'check-data-quality', repeat: { pattern: '10 * * * *', tz: 'UTC' } },
  { queue: 'upkeep', job: 'restore-drill', repeat: { pattern: '25 * * * *', tz: 'UTC' } },
  { queue: 'upkeep', job: 'reconcile', repeat: { pattern: '50 3 * * *', tz: 'UTC' } },
  { queue: 'upkeep', job: 'build-due-benchmarks', repeat: { pattern: '40 4 * * *', tz: 'UTC' } },
  { queue: 'upkeep', job: 'run-retention', repeat: { pattern: '20 3 * * *', tz: 'UTC' } },
];

/** Whether the schedule brings such a job again so soon that none need be kept. */
export function comesWithinMinutes(name: JobName): boolean {
  return SCHEDULES.some(({ job, repeat }) => job === name && 'every' in repeat);
}

/** Makes the schedules of one queue what the table says; those that it no longer lists end. */
export async function reconcile(queue: Queue, name: QueueName): Promise<void> {
  const listed = SCHEDULES.filter((schedule) => schedule.queue === name);
  for (const { job, repeat } of listed) {
    const { attempts, backoff, removeOnComplete, removeOnFail } = OPTIONS[job];
    const opts = Object.fromEntries(
      Object.entries({ attempts, backoff, removeOnComplete, removeOnFail }).filter(([, value]) => value !== undefined),
    );
    await queue.upsertJobScheduler(job, repeat, { name: job, data: {}, opts });
  }
  for (const scheduler of await queue.getJobSchedulers()) {
    if (!listed.some(({ job }) => job === scheduler.key)) await queue.removeJobScheduler(scheduler.key);
  }
}

/** Enqueues, once, what must also have run after every start. */
export async function enqueueStartJobs(queue: Queue, name: QueueName): Promise<void> {
  for (const { job } of SCHEDULES.filter((schedule) => schedule.queue === name && 'pattern' in schedule.repeat)) {
    await queue.add(job, {}, { ...OPTIONS[job], deduplication: { id: `start ${job}` } });
  }
}
