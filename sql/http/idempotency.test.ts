import { createHash } from 'node:crypto';
import { v4 } from 'uuid';
import { expect, test } from 'vitest';
import { makeTenant, useDatabase } from '../../test/support/harness.ts';
import { claimIdempotencyKey, settleIdempotencyKey } from './idempotency.ts';

const db = await useDatabase();

const hash = createHash('sha256').update('body').digest();

test('after a failure that may have committed, the next attempt continues with the time of the first', async () => {
  const { id } = await makeTenant(db);
  const claim = v4();
  const first = await claimIdempotencyKey(db.api, id, 'k', hash, claim);
  expect(first.outcome).toBe('mine');
  expect((await claimIdempotencyKey(db.api, id, 'k', hash, v4())).outcome).toBe('running');
  await settleIdempotencyKey(db.api, id, 'k', claim, null, false);
  const second = await claimIdempotencyKey(db.api, id, 'k', hash, v4());
  expect(second).toEqual({ outcome: 'mine', first_at: first.first_at, answer: null });
});

test('a rejected request leaves no trace, and only the holder of the claim settles it', async () => {
  const { id } = await makeTenant(db);
  const claim = v4();
  await claimIdempotencyKey(db.api, id, 'k', hash, claim);
  await settleIdempotencyKey(db.api, id, 'k', v4(), null, true);
  expect((await claimIdempotencyKey(db.api, id, 'k', hash, v4())).outcome).toBe('running');
  await settleIdempotencyKey(db.api, id, 'k', claim, null, true);
  expect((await claimIdempotencyKey(db.api, id, 'k', createHash('sha256').update('other').digest(), v4())).outcome).toBe(
    'mine',
  );
});
