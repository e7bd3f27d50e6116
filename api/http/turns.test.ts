import { describe, expect, test, vi } from 'vitest';
import type { TenantAsker } from '../../sql/database/fair-pool.ts';
import { createTurns, type TurnOptions } from './turns.ts';

// Statements that report when they start and end when told to.
function stage(options: Partial<TurnOptions> = {}) {
  const turns = createTurns({ most: 4, waitMs: 60_000, processors: 2, ...options });
  const running: string[] = [];
  const ends: (() => void)[] = [];
  const take = async (tenantId: string, rest: Partial<TenantAsker>) => {
    const end = await turns.take({ tenantId, ...rest });
    running.push(tenantId);
    ends.push(end);
  };
  // A statement that a test leaves waiting is refused when the test is over, and nobody is told.
  const ask = (tenantId: string, rest: Partial<TenantAsker> = {}) => {
    const asked = take(tenantId, rest);
    asked.catch(() => undefined);
    return asked;
  };
  const settle = () => new Promise((done) => setImmediate(done));
  const endFirst = async () => {
    ends.shift()?.();
    await settle();
  };
  return { ask, running, endFirst, settle };
}

const many = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));

describe('turns', () => {
  test('one tenant runs half at most, and the others start at once', async () => {
    const { ask, running, settle } = stage();
    many(10, () => void ask('a'));
    await settle();
    expect(running).toEqual(['a', 'a']);
    await ask('b');
    await ask('c');
    expect(running).toEqual(['a', 'a', 'b', 'c']);
  });

  test('tenants take turns, however much one of them asks', async () => {
    const { ask, running, endFirst, settle } = stage({ most: 1 });
    many(5, () => void ask('a'));
    many(2, () => void ask('b'));
    void ask('c');
    await settle();
    for (let n = 0; n < 7; n++) await endFirst();
    expect(running.join('')).toBe('aabcabaa');
  });

  test('slow questions of one tenant use half of the processors; those of all tenants leave room for quick ones', async () => {
    const { ask, running, settle } = stage({ most: 10 });
    for (const tenant of ['a', 'b', 'c']) many(3, () => void ask(tenant, { isSlow: true }));
    await settle();
    expect(running).toEqual(['a', 'b']);
    await ask('a');
    await ask('d');
    expect(running).toEqual(['a', 'b', 'a', 'd']);
  });

  test('a tenant whose statements proved slow runs one at a time', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const { ask, running, endFirst, settle } = stage({ most: 10 });
      await ask('a');
      vi.advanceTimersByTime(1_000);
      await endFirst();
      many(4, () => void ask('a'));
      many(4, () => void ask('b'));
      await settle();
      expect(running).toEqual(['a', 'a', 'b', 'b', 'b', 'b']);
    } finally {
      vi.useRealTimers();
    }
  });

  test('after a slow statement a tenant rests for as long, if other tenants ran statements meanwhile', async () => {
    const { ask, running, endFirst } = stage({ most: 10 });
    const slow = { isSlow: true };
    const askTwice = async (meanwhile?: string) => {
      await ask('a', slow);
      if (meanwhile) await ask(meanwhile);
      vi.advanceTimersByTime(500);
      void ask('a', slow);
      await endFirst();
    };
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      await askTwice();
      expect(running).toEqual(['a', 'a']);
      await endFirst();
      await askTwice('b');
      expect(running).toEqual(['a', 'a', 'a', 'b']);
    } finally {
      vi.useRealTimers();
    }
    await expect.poll(() => running, { timeout: 5_000 }).toEqual(['a', 'a', 'a', 'b', 'a']);
  });

  test('a wait that is too long is refused: with 429 if the tenant itself caused it, else with 503', async () => {
    const { ask } = stage({ most: 2, waitMs: 20 });
    await ask('a');
    const [own] = await Promise.allSettled([ask('a')]);
    expect(own).toMatchObject({ reason: { status: 429, code: 'too-many-queries', headers: { 'retry-after': '2' } } });
    await ask('b');
    const [others] = await Promise.allSettled([ask('c')]);
    expect(others).toMatchObject({ reason: { status: 503, code: 'unavailable' } });
  });

  test('a tenant has at most a hundred waiting statements', async () => {
    const { ask } = stage();
    const asked = many(103, () => ask('a'));
    await expect(asked[102]).rejects.toMatchObject({ code: 'too-many-queries' });
    await ask('b');
  });

  test('a client that disconnects frees its place', async () => {
    const { ask, running, endFirst, settle } = stage({ most: 1 });
    await ask('a');
    const leaving = new AbortController();
    const left = ask('a', { signal: leaving.signal });
    void ask('b');
    leaving.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    await endFirst();
    await settle();
    expect(running).toEqual(['a', 'b']);
  });
});
