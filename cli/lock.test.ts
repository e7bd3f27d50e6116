import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writePrivate } from './files.ts';
import { takeLock } from './lock.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirante-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

const hold = (pid: number) => writePrivate(join(folder, 'up.lock'), JSON.stringify({ pid, children: [pid] }));

it('makes the folder, holds it and lets it go', async () => {
  const lock = await takeLock(join(folder, 'new'));
  expect(existsSync(join(folder, 'new', 'up.lock'))).toBe(true);
  lock.release();
  expect(existsSync(join(folder, 'new', 'up.lock'))).toBe(false);
});

it('clears away the lock of a process that has gone', async () => {
  // No process can have this id: it is over the kernel's limit.
  hold(2 ** 22 + 1);
  (await takeLock(folder)).release();
});

it('clears away a lock whose process id now belongs to another program, which it leaves alone', async () => {
  hold(process.ppid);
  (await takeLock(folder)).release();
  expect(process.kill(process.ppid, 0)).toBe(true);
});
