import { pino } from 'pino';
import type { ImportDeps } from '../../jobs/imports/importer.ts';
import { createEventReceiver } from '../../jobs/imports/receive.ts';
import { runReplays } from '../../jobs/imports/replay.ts';
import { runImports } from '../../jobs/imports/run.ts';
import { readConfig } from '../../lib/config.ts';
import { type Json, type TestApi, useApi } from './api.ts';
import { useArchive } from './archive-home.ts';
import { cleanUp } from './clean-up.ts';
import { type TestDatabase, testSecret } from './harness.ts';

/** Headers of a document of test results. */
export const MARKR = { 'content-type': 'text/xml+markr' };

/** A document with one result of a test. */
export const sheetOf = (testId: string): string =>
  `<mcq-test-results><mcq-test-result><student-number>1</student-number><test-id>${testId}</test-id>
   <summary-marks available="2" obtained="1"/></mcq-test-result></mcq-test-results>`;

export type TestVault = {
  api: TestApi;
  deps: ImportDeps;
  /** Folder of the object store. */
  folder: string;
  archive: Awaited<ReturnType<typeof useArchive>>;
  /** Sends a document and has it read. Returns it as the API shows it then. */
  send: (key: string, mediaType: string, body: string | Uint8Array, query?: Record<string, string>) => Promise<Json>;
  /** Reads what is due. */
  run: () => Promise<number>;
};

/** An API and importers on one object store. */
export async function useVault(db: TestDatabase, settings: Record<string, string> = {}): Promise<TestVault> {
  const archive = await useArchive();
  const given = { MIRANTE_DATA_DIR: archive.folder, MIRANTE_SECRET: testSecret, ...settings };
  const api = await useApi(db, given);
  const log = pino({ level: 'silent' });
  const config = readConfig({ LOG_LEVEL: 'silent', ...given });
  const deps: ImportDeps = {
    pool: db.jobs,
    log,
    clock: () => new Date(),
    objects: archive.store,
    secret: testSecret,
    logins: db.urls,
    config,
    events: createEventReceiver({ pool: db.jobs, log, config, logins: db.urls }),
  };
  cleanUp(deps.events.close);
  const run = async () => (await runImports(deps)) + (await runReplays(deps));
  return {
    api,
    deps,
    folder: archive.folder,
    archive,
    run,
    async send(key, mediaType, body, query = {}) {
      const path = `/v1/imports?${new URLSearchParams(query)}`;
      const sent = await api.call('POST', path, key, body, { 'content-type': mediaType });
      if (sent.status !== 202) throw new Error(`${sent.status}: ${sent.text}`);
      await run();
      return (await api.call('GET', `/v1/imports/${sent.body.id}`, key)).body;
    },
  };
}
