import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**', '.test/**', '.mirante/**'],
    globalSetup: ['test/global-setup.ts'],
    pool: 'forks',
    // Three on two cores, because half of each test's time is spent in the database.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 60_000,
  },
});
