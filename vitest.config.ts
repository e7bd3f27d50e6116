import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**', '.test/**', '.mirante/**'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    // Three on two cores, because half of each test's time is spent in the database.
    maxWorkers: 3,
    // To end what hangs; no test relies on it.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 60_000,
    // Upper limits as well: a busy machine is late, and what never comes fails all the same.
    expect: { poll: { timeout: 60_000 } },
  },
});
