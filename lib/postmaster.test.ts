import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { notedHome } from './embedded-home.ts';
import { placeOf, runningUrl, startEmbeddedPostgres, stopStray } from './embedded-postgres.ts';
import { postmasterOf } from './postmaster.ts';

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mirante-postmaster-'));
  onTestFinished(() => {
    for (const path of [notedHome(folder), folder]) if (path) rmSync(path, { recursive: true, force: true });
  });
  return folder;
}

test.runIf(existsSync('/proc/self/cwd'))(
  'a program that now has the id of a former server is left alone, and the server starts',
  async () => {
    const folder = temporary();
    const first = await startEmbeddedPostgres(folder);
    const { data, account } = await placeOf(folder);
    expect(postmasterOf(data)).toMatchObject({ pid: first.pid, is: 'server' });
    const note = readFileSync(join(data, 'postmaster.pid'), 'utf8');
    await first.stop();
    // Like another platform's API, under the server's account. Not node: that account may not be able to enter node's folder.
    const other = spawn('sh', ['-c', 'echo up; exec sleep 600'], {
      cwd: '/',
      stdio: ['ignore', 'pipe', 'ignore'],
      ...account,
    });
    onTestFinished(() => void other.kill('SIGKILL'));
    await once(other.stdout, 'data');
    writeFileSync(join(data, 'postmaster.pid'), note.replace(/^\d+/, String(other.pid)));
    expect(postmasterOf(data)).toMatchObject({ is: 'other' });
    expect(runningUrl(folder, data)).toBeUndefined();
    await stopStray(folder);
    const next = await startEmbeddedPostgres(folder);
    await next.stop();
    expect([other.exitCode, other.signalCode]).toEqual([null, null]);
  },
);

test('a pid file without a running server is no server', () => {
  const data = join(temporary(), 'postgres');
  mkdirSync(data);
  expect(postmasterOf(data)).toBeUndefined();
  for (const [text, is] of [
    ['', undefined],
    ['-1\n', undefined],
    ['x\n', undefined],
    [`${2 ** 22 + 1}\n`, 'gone'],
  ] as const) {
    writeFileSync(join(data, 'postmaster.pid'), text);
    expect(postmasterOf(data)?.is).toBe(is);
  }
});
