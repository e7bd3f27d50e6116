import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { keepRunning, type Part } from './keep-running.ts';

/** A real process that runs this program. */
function startNode(program: string): Part {
  const child = spawn(process.execPath, ['-e', program], { stdio: 'ignore' });
  const gone = once(child, 'exit').then(([code, signal]) => (signal ? `ended by ${signal}` : `exit code ${code}`));
  const kill = () => void child.kill('SIGKILL');
  const stop = async () => {
    kill();
    await gone;
  };
  return { pid: child.pid as number, gone, kill, stop };
}

function keeping(program: string, { isReady = true } = {}) {
  const said: string[] = [];
  const pids: number[] = [];
  let giveUp = (_: string) => undefined as unknown;
  const gaveUp = new Promise<string>((done) => (giveUp = done));
  const start = async () => {
    const part = startNode(program);
    pids.push(part.pid);
    return part;
  };
  const kept = keepRunning({
    name: 'It',
    start,
    say: (line) => said.push(line),
    onGiveUp: giveUp,
    isReady: () => isReady,
    firstWaitMs: 1,
  });
  return { kept, said, pids, gaveUp };
}

test('a crashed program restarts; one that keeps crashing is given up with a message, after growing waits', async () => {
  const { kept, said, pids, gaveUp } = keeping('process.exit(3)');
  expect(await gaveUp).toBe('It has stopped unexpectedly (exit code 3). It is not restarted: it crashed 6 times in a row.');
  expect(pids).toHaveLength(6);
  expect(said.map((line) => /in ([\d.]+) s\.$/.exec(line)?.[1])).toEqual(['0.001', '0.002', '0.004', '0.008', '0.016']);
  await (await kept).stop();
});

test('a stopped program does not restart, and a program that crashes before everything was ready is not retried', async () => {
  const lasting = keeping('setInterval(() => undefined, 1000)');
  const kept = await lasting.kept;
  process.kill(lasting.pids[0] as number, 'SIGKILL');
  await expect.poll(() => lasting.pids.length).toBe(2);
  await expect.poll(kept.pid).toBe(lasting.pids[1]);
  await kept.stop();
  expect(lasting.pids).toHaveLength(2);
  const early = keeping('process.exit(1)', { isReady: false });
  expect(await early.gaveUp).toBe('It has stopped unexpectedly (exit code 1).');
  expect(early.pids).toHaveLength(1);
});

test('a failed start counts as a crash', async () => {
  let starts = 0;
  const start = async () => {
    if (++starts > 1) throw new Error('no room');
    return startNode('process.exit(0)');
  };
  const gaveUp = await new Promise<string>((onGiveUp) => {
    void keepRunning({ name: 'It', start, say: () => undefined, onGiveUp, isReady: () => true, firstWaitMs: 1 });
  });
  expect(gaveUp).toMatch(/^It could not be restarted \(no room\)\. It is not restarted: it crashed 6 times/);
  expect(starts).toBe(6);
});
