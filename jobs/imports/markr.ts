import { XmlFault } from '../../lib/xml.ts';
import { findingOf, readMarkr, type Scan } from '../../sql/test-results/markr.ts';
import { beginReplay, finishReplay, stageScans } from '../../sql/test-results/replays.ts';
import { addScans, MARKR, TEST_POLICIES } from '../../sql/test-results/test-results.ts';
import type { Importer } from './importer.ts';
import { markrPieces } from './markr-pieces.ts';
import { Rejected } from './outcomes.ts';

const MAX_BATCH = 1_000;

/** Test results in XML of scanning machines. */
export const markr: Importer<Scan> = {
  name: MARKR.name,
  version: MARKR.version,
  mediaTypes: [MARKR.mediaType],
  policies: TEST_POLICIES,
  pieces: markrPieces,
  async *read(bytes) {
    try {
      for await (const { scans, findings } of readMarkr(bytes)) {
        for (let at = 0; at < scans.length; at += MAX_BATCH) yield { rows: scans.slice(at, at + MAX_BATCH) };
        if (findings.length > 0) yield { rows: [], findings: findings.map(findingOf) };
      }
    } catch (error) {
      if (!(error instanceof XmlFault)) throw error;
      const { code, detail, pointer } = findingOf({ ...error, detail: error.message });
      throw new Rejected(code, detail, pointer);
    }
  },
  async write({ pool }, document, rows, first) {
    const changed = await addScans(pool, document.tenantId, document.id, rows, first, document.policy);
    return { rows: changed, counts: { changed } };
  },
  async replay({ pool }, run, isDryRun) {
    const documents: string[] = [];
    let number = 0;
    await beginReplay(pool, run.id);
    return {
      async take(document, scans) {
        if (documents.at(-1) !== document.id) {
          documents.push(document.id);
          number = 0;
        }
        await stageScans(pool, run, document.id, scans, number);
        number += scans.length;
        return [];
      },
      async endDocument(document) {
        // One without scans, whose earlier ones are then removed.
        if (documents.at(-1) !== document.id) documents.push(document.id);
        return [];
      },
      finish: () => finishReplay(pool, run, documents, isDryRun),
    };
  },
};
