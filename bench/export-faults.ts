import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { environmentWith } from '../lib/config.ts';

const TIMES = 100;

/**
 * The tests of faults with more of each: workers killed, disks full, a store that fails, a database killed, clients gone. They end with an
 * error where a row is lost or doubled or a file unaccounted for; what was tried is counted here.
 */
export async function benchExportFaults(): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'mirante-faults-'));
  const report = join(folder, 'report');
  const started = performance.now();
  try {
    await promisify(execFile)('npx', ['vitest', 'run', 'test/export-faults.test.ts'], {
      env: environmentWith({ TEST_FAULTS: String(TIMES), TEST_FAULTS_REPORT: report }),
      maxBuffer: 64 * 1024 * 1024,
    });
    const lines = readFileSync(report, 'utf8').split('\n').filter(Boolean);
    const found = lines.map((line) => JSON.parse(line) as { fault: string });
    return {
      seconds: (performance.now() - started) / 1000,
      ...Object.fromEntries(found.map(({ fault, ...rest }) => [fault, rest])),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
