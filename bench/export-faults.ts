import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { environmentWith } from '../lib/config.ts';

const TIMES = 100;

/**
 * Runs the fault tests with more of each fault: killed workers, full disks, a failing store, a killed database, disconnected
 * clients. They throw if a row is lost or doubled, or a file is unaccounted for. Returns counts of what was tried.
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
