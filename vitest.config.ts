import { basename } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// What waits for long, or starts servers and programs: first, so that nothing runs alone at the end.
const LONGEST = [
  'archive-faults',
  'pages',
  'alert',
  'workers',
  'metabase',
  'export-faults',
  'engine-port',
  'embedded-backup',
  'data-folder',
  'api',
  'charts',
  'restore-drill',
  'archive-large',
  'archive-reads',
  'zones',
  'refresh-kills',
  'portable',
].map((name) => `${name}.test.ts`);

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const long = LONGEST.flatMap((name) => sorted.filter(({ moduleId }) => basename(moduleId) === name));
    return [...new Set([...long, ...sorted])];
  }
}

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**', '.test/**', '.mirante/**'],
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/each-file.ts'],
    pool: 'forks',
    // A process runs one file after another: loading the modules takes longer than most files' tests.
    isolate: false,
    // Four on two cores, because tests wait for the database, for programs and for time limits.
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    // To end what hangs; no test relies on it.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 60_000,
    // Upper limits as well: a busy machine is late, and what never comes fails all the same.
    expect: { poll: { timeout: 60_000 } },
  },
});
