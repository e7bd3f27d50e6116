import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { trimLog } from './bounded-log.ts';

test('a log that exceeds the limit is emptied; its end is kept, and three such files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mirante-log-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'log');
  trimLog(file, 100);
  for (let n = 1; n <= 5; n += 1) {
    appendFileSync(file, 'x'.repeat(90));
    trimLog(file, 100);
    expect(statSync(file).size).toBe(90);
    appendFileSync(file, `${'y'.repeat(20)}${n}`);
    trimLog(file, 100);
    expect(statSync(file).size).toBe(0);
  }
  expect(readdirSync(folder)).toEqual(['log', 'log.1', 'log.2', 'log.3']);
  for (const n of [1, 2, 3]) {
    expect(readFileSync(`${file}.${n}`, 'utf8')).toBe(`${'x'.repeat(79)}${'y'.repeat(20)}${6 - n}`);
    expect(statSync(`${file}.${n}`).mode & 0o777).toBe(0o600);
  }
});
