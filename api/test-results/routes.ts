import { Readable } from 'node:stream';
import type { Request } from 'express';
import { v4 as uuidv4 } from 'uuid';
import { z } from 'zod';
import type { Queues } from '../../jobs/queues.ts';
import { XmlFault } from '../../lib/xml.ts';
import { withTenant } from '../../sql/database/db.ts';
import type { Finding } from '../../sql/imports/imports.ts';
import { findingOf, readMarkr, type Scan } from '../../sql/test-results/markr.ts';
import { figuresOf, listTests, MARKR, settleScans, TEST_POLICIES } from '../../sql/test-results/test-results.ts';
import { CURSOR, decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import { notFound, Problem, unsupportedMediaType } from '../http/problems.ts';
import { page, pageQuery, route } from '../http/route.ts';
import type { Api, Reply } from '../http/types.ts';
import { type KeptBody, keepBody } from '../imports/keep-body.ts';
import { finding, keptBody, mediaTypeOf } from '../imports/routes.ts';
import { testResultSpecs } from './spec.ts';

/** A larger document is read by the importers, so that none holds up this process. */
const MAX_READ_BYTES = 1 << 20;

const READERS = ['read', 'tenant-admin'] as const;

const percent = (what: string) => z.number().meta({ description: `${what}, in percent of the marks available in the test` });

const figures = z.object({
  mean: percent('Mean'),
  stddev: percent('Standard deviation of all students (population)'),
  min: percent('Lowest result'),
  max: percent('Highest result'),
  p25: percent('First quartile, interpolated'),
  p50: percent('Median, interpolated'),
  p75: percent('Third quartile, interpolated'),
  count: z.int().meta({ description: 'Number of students' }),
});

const received = keptBody.extend({
  status: z
    .enum(['stored', 'imported'])
    .meta({ description: 'imported: the results are there; stored: the importers read it' }),
  rows: z.int().optional().meta({ description: 'Results that are new or have other marks' }),
  findings: z.array(finding).optional().meta({ description: 'What is odd about the document' }),
});

/** Test results: documents of scanning machines, and the figures of each test. */
export function mountTestResults(api: Api, deps: Deps, queues: Queues): void {
  route(
    api,
    deps,
    {
      ...testResultSpecs.create,
      method: 'post',
      path: '/import',
      scopes: ['ingest'],
      query: z.strictObject({
        policy: z.enum(TEST_POLICIES).optional().meta({ description: 'By which results of tests that are new are found' }),
      }),
      bodyTypes: { [MARKR.mediaType]: z.string() },
      status: 202,
      answer: received,
    },
    async ({ identity, actor, query, request }) => {
      const mediaType = mediaTypeOf(request);
      if (mediaType.split(';', 1)[0]?.trim().toLowerCase() !== MARKR.mediaType)
        throw unsupportedMediaType(`Send Content-Type ${MARKR.mediaType}. POST /v1/imports takes any document.`);
      const claim = uuidv4();
      const { body, bytes } = gather(request);
      const kept = await keepBody(deps, identity, actor, body, { ...query, mediaType, claim });
      const read = kept.bytes <= MAX_READ_BYTES ? await readDocument(bytes()) : undefined;
      const settled = await withTenant(
        deps.intake,
        identity.tenantId,
        (client) => settleScans(client, kept.id, claim, read),
        actor,
      ).catch((err: unknown) => {
        // It is kept, so its sender is done. The importers read it when the lease is over.
        deps.log.warn({ err, tenant: identity.tenantId, import: kept.id }, 'a document is left to the importers');
        return undefined;
      });
      if (!read) queues.enqueue('run-imports');
      return replyOf(kept, settled === undefined ? undefined : read, settled);
    },
  );

  route(
    api,
    deps,
    {
      ...testResultSpecs.aggregate,
      method: 'get',
      path: '/results/:test/aggregate',
      scopes: READERS,
      params: z.object({ test: z.string().max(200).meta({ description: 'Id of the test, as documents have it' }) }),
      status: 200,
      answer: figures,
    },
    async ({ identity, params: { test } }) => {
      const found = await withTenant(deps.pool, identity.tenantId, (client) => figuresOf(client, [test]));
      const one = found.get(test);
      if (!one) throw notFound('test', 'No document with results of this test was imported. GET /results lists the tests.');
      return { body: one };
    },
  );

  route(
    api,
    deps,
    {
      ...testResultSpecs.list,
      method: 'get',
      path: '/results',
      scopes: READERS,
      query: pageQuery,
      status: 200,
      answer: z.object({
        data: z.array(
          figures.extend({
            test_id: z.string().meta({ description: 'Id of the test, as documents have it' }),
            policy: z.string().meta({ description: 'How the best of several scans of one student is found' }),
          }),
        ),
        next_cursor: z.string().nullable(),
      }),
    },
    async ({ identity, query: { cursor, limit }, request }) => {
      const after = cursor === undefined ? undefined : decodeCursor(cursor, CURSOR.name)[0];
      const rows = await withTenant(deps.pool, identity.tenantId, async (client) => {
        const tests = await listTests(client, after, limit);
        const found = await figuresOf(
          client,
          tests.map(({ test_id }) => test_id),
        );
        return tests.flatMap((test) => ({ ...test, ...found.get(test.test_id) }));
      });
      return page(request, rows, rows.length === limit, ({ test_id }) => encodeCursor(test_id));
    },
  );
}

// The body as it comes, and afterwards its bytes, if they are few.
function gather(request: Request): { body: Readable; bytes: () => Buffer[] } {
  const chunks: Buffer[] = [];
  let size = 0;
  async function* pass() {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size <= MAX_READ_BYTES) chunks.push(chunk);
      else chunks.length = 0;
      yield chunk;
    }
  }
  return { body: Readable.from(pass(), { objectMode: false }), bytes: () => chunks };
}

/** What a document says: its scans, or the fault for which it is refused. */
type ReadDocument = { scans: Scan[]; findings: Finding[]; fault?: Finding };

async function readDocument(chunks: Iterable<Buffer>): Promise<ReadDocument> {
  const scans: Scan[] = [];
  const findings: Finding[] = [];
  try {
    for await (const part of readMarkr(Readable.from(chunks))) {
      scans.push(...part.scans);
      findings.push(...part.findings.map(findingOf));
    }
    return { scans, findings };
  } catch (error) {
    if (!(error instanceof XmlFault)) throw error;
    return { scans: [], findings: [], fault: findingOf({ ...error, detail: error.message }) };
  }
}

function replyOf(kept: KeptBody, read: ReadDocument | undefined, rows: number | undefined): Reply {
  const headers = { location: `/v1/imports/${kept.id}` };
  if (!read) return { body: kept, headers };
  if (!read.fault) return { body: { ...kept, status: 'imported', rows, findings: read.findings }, headers };
  const { code, detail, pointer = '' } = read.fault;
  throw new Problem(422, 'document-rejected', 'The document is refused as a whole', {
    detail: `${detail} The document is kept as import ${kept.id}; no result was changed.`,
    errors: [{ pointer, code, detail }],
    headers,
    members: { id: kept.id },
  });
}
