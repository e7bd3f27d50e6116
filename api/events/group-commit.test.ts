import { expect, test } from 'vitest';
import type { EventRow } from '../../sql/events/events.ts';
import { createGroupCommit } from './group-commit.ts';

test('a flush that keeps losing deadlocks ends with 503 instead of retrying forever', async () => {
  let tries = 0;
  const store = async () => {
    tries += 1;
    throw Object.assign(new Error('deadlock detected'), { code: '40P01' });
  };
  const commit = createGroupCommit({ store, connections: 1, maxRows: 10, maxBytes: 1_000, patienceMs: 60_000 });
  await expect(commit.store([{ id: 'a', time: 1 } as EventRow])).rejects.toMatchObject({ status: 503 });
  expect(tries).toBe(4);
});
