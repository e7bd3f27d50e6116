import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { lockDatabase, lockFolder } from './folder-lock.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mirante-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a folder has one holder, whose name the second one gets; release frees only its own lock', () => {
  const first = lockFolder(join(folder, 'new'), 'the first');
  expect(() => lockFolder(join(folder, 'new'), 'the second')).toThrow(
    /new is in use by the first, since 20.*Z\. Stop that first/,
  );
  first.release();
  const second = lockFolder(join(folder, 'new'), 'the second');
  expect(() => lockFolder(join(folder, 'new'), 'the third')).toThrow('in use by the second');
  second.release();
});

test('commands share the database with each other and with the running platform, but not with a holder that has it alone', () => {
  const platform = lockFolder(folder, 'the platform');
  const commands = [lockDatabase(folder), lockDatabase(folder)];
  platform.release();
  expect(() => lockFolder(folder, 'a restore', { alone: true })).toThrow('Another command is using the database');
  for (const command of commands) command.release();
  const restore = lockFolder(folder, 'a restore', { alone: true });
  expect(() => lockDatabase(folder)).toThrow('in use by a restore');
  expect(() => lockFolder(folder, 'the platform')).toThrow('in use by a restore');
  restore.release();
  lockDatabase(folder).release();
});

test('the lock of a killed process is free, and the text of its file has no effect', async () => {
  const program = `import { lockFolder } from './lib/folder-lock.ts';
    lockFolder(${JSON.stringify(folder)}, 'the killed', { alone: true });
    process.stdout.write('locked');
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  expect(() => lockFolder(folder, 'this')).toThrow('in use by the killed');
  expect(() => lockDatabase(folder)).toThrow('in use by the killed');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const after = lockFolder(folder, 'this');
  expect(after.isAfterKill).toBe(true);
  after.release();
  // Any text, even of earlier versions, with the id of a running process.
  writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: process.ppid, children: [process.ppid] }));
  lockFolder(folder, 'this').release();
  expect(process.kill(process.ppid, 0)).toBe(true);
  expect(readFileSync(join(folder, 'lock'), 'utf8')).toBe('');
  const clean = lockFolder(folder, 'this');
  expect(clean.isAfterKill).toBe(false);
  clean.release();
});
