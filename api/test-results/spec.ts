import type { Described } from '../http/operation.ts';

const tag = 'Test results';
const ID = '01a228f4-61b2-7c19-9a52-0b9e9f3f2a11';
const FIGURES = { mean: 50.8, stddev: 9.92, min: 30, max: 75, p25: 45, p50: 50, p75: 55, count: 81 };
const DOCUMENT = `<?xml version="1.0" encoding="UTF-8" ?>
<mcq-test-results>
  <mcq-test-result scanned-on="2017-12-04T12:12:10+11:00">
    <first-name>KJ</first-name>
    <last-name>Alysander</last-name>
    <student-number>002299</student-number>
    <test-id>9863</test-id>
    <summary-marks available="20" obtained="13" />
  </mcq-test-result>
</mcq-test-results>
`;

/** Documents of scanning machines, and figures of tests. */
export const testResultSpecs = {
  create: {
    operationId: 'createTestResults',
    tag,
    summary: 'Send test results',
    description:
      'Keeps a document of a scanning machine in the vault exactly as it came, and then reads it. It needs a key with the scope ingest, also as the user of HTTP basic authentication (`key:`). A document without a student number, a test id, or the marks available and obtained is refused as a whole with 422; `id` names it in the vault. One of more than a mebibyte, or one that the database is too busy to take at once, is read by a job: `status` is then `stored`, and GET /v1/imports/{id} has the outcome.',
    problems: ['too-large', 'unsupported-media-type', 'document-rejected', 'storage-full'],
    example: {
      bodies: { 'text/xml+markr': DOCUMENT },
      answer: {
        id: ID,
        status: 'imported',
        bytes: 466,
        sha256: '8c9a1f5d2e7c4b3a6f0e1d2c3b4a59687766554433221100ffeeddccbbaa9988',
        received_at: '2026-11-29T20:17:12.344Z',
        rows: 1,
        findings: [],
      },
    },
  },
  aggregate: {
    operationId: 'getTestFigures',
    tag,
    summary: 'Read the figures of a test',
    description:
      'Returns mean, deviation and quartiles of the best results of all students, in percent of the marks available in the test. It needs a key with the scope read or tenant-admin, also as the user of HTTP basic authentication (`key:`).',
    problems: ['not-found'],
    example: { params: { test: '9863' }, answer: FIGURES },
  },
  list: {
    operationId: 'listTests',
    tag,
    summary: 'List tests',
    description:
      'Returns the tests of the key’s own tenant that have results, by id, each with its figures. It needs a key with the scope read or tenant-admin.',
    problems: [],
    example: { answer: { data: [{ test_id: '9863', policy: 'lexicographic.v1', ...FIGURES }], next_cursor: null } },
  },
} satisfies Record<string, Described>;
