import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { XmlFault } from '../../lib/xml.ts';
import { need } from '../../test/support/harness.ts';
import { readMarkr, type Scan, type ScanFinding } from './markr.ts';

type Parts = { student?: string; test?: string; marks?: string; more?: string; on?: string };

const scanOf = ({ student = '002299', test = '9863', marks = 'available="20" obtained="13"', more = '', on }: Parts = {}) =>
  `<mcq-test-result scanned-on="${on ?? '2017-12-04T12:12:10+11:00'}"><first-name>A</first-name><last-name>B</last-name>
   <student-number>${student}</student-number><test-id>${test}</test-id>${more}<summary-marks ${marks} /></mcq-test-result>`;
const documentOf = (...scans: string[]) =>
  `<?xml version="1.0" encoding="UTF-8" ?>\n<mcq-test-results>\n${scans.join('\n')}\n</mcq-test-results>`;

async function* pieces(body: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < body.length; at += size) yield body.subarray(at, at + size);
}

async function read(body: Buffer | string | AsyncIterable<Buffer>, size = 1 << 20) {
  const scans: Scan[] = [];
  const findings: ScanFinding[] = [];
  const bytes = typeof body === 'string' || Buffer.isBuffer(body) ? pieces(Buffer.from(body as string), size) : body;
  for await (const part of readMarkr(bytes)) {
    scans.push(...part.scans);
    findings.push(...part.findings);
  }
  return { scans, findings };
}

async function refusal(body: Buffer | string | AsyncIterable<Buffer>): Promise<string> {
  const fault = await read(body).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(fault instanceof XmlFault)) throw new Error('The document was not refused.');
  return `${fault.line}: ${fault.code}: ${fault.message}`;
}

test('a scan keeps its ids as text, its marks and its time', async () => {
  const { scans, findings } = await read(documentOf(scanOf()));
  expect(scans).toEqual([
    { student: '002299', test: '9863', available: 20, obtained: 13, scannedAt: '2017-12-04T01:12:10.000Z', line: 3 },
  ]);
  expect(findings).toEqual([]);
});

test('CDATA, comments, references and namespaces are read as XML means them', async () => {
  const odd = scanOf({
    student: '<!-- a -->  <![CDATA[00]]>2&#50;99&amp;\n',
    test: '98<?go on?>63',
    more: '<note><student-number>7</student-number></note>',
  });
  expect((await read(documentOf(odd))).scans[0]).toMatchObject({ student: '002299&', test: '9863' });
  const spaced = documentOf(scanOf({ more: '<x:test-id xmlns:x="urn:x">1</x:test-id>' })).replace(
    /<(\/?)(mcq|first|last|student|test|summary)/g,
    '<$1m:$2',
  );
  const named = spaced.replace('<m:mcq-test-results', '<m:mcq-test-results xmlns:m="urn:markr"');
  expect((await read(named)).scans).toHaveLength(1);
});

test('every cut of the bytes reads the same, in every encoding', async () => {
  const text = documentOf(scanOf({ more: '<first-note>José ✓</first-note>' }), scanOf({ student: '2300' }));
  const utf16 = Buffer.from(`\ufeff${text.replace('UTF-8', 'UTF-16')}`, 'utf16le');
  const big = Buffer.from(utf16).swap16();
  const latin = Buffer.from(text.replace('UTF-8', 'ISO-8859-1').replace(' ✓', ''), 'latin1');
  for (const body of [Buffer.from(text), Buffer.from(`\ufeff${text}`), utf16, big, latin, Buffer.from(utf16.subarray(2))])
    for (const size of [1, 7, 255, 1 << 20])
      expect((await read(body, size)).scans.map(({ student }) => student)).toEqual(['002299', '2300']);
});

describe('a document is refused whole, with the line', () => {
  const cases: [string, string | Buffer, RegExp][] = [
    ['no student number', documentOf(scanOf(), scanOf({ student: ' ' })), /^5: missing-essential: .*<student-number>/],
    ['no test id', documentOf(scanOf({ test: '' })), /^3: missing-essential: .*<test-id>/],
    ['no marks', documentOf(scanOf().replace(/<summary.*\/>/, '')), /^3: missing-essential: .*<summary-marks>/],
    ['no marks available', documentOf(scanOf({ marks: 'obtained="1"' })), /missing-essential: .*"available"/],
    ['no marks obtained', documentOf(scanOf({ marks: 'available="1"' })), /missing-essential: .*"obtained"/],
    ['negative marks', documentOf(scanOf({ marks: 'available="20" obtained="-3"' })), /^4: invalid-marks: "obtained"/],
    ['marks as text', documentOf(scanOf({ marks: 'available="twenty" obtained="3"' })), /^4: invalid-marks: "available"/],
    ['obtained over available', documentOf(scanOf({ marks: 'available="20" obtained="21"' })), /invalid-marks: .*more marks/],
    ['nothing available', documentOf(scanOf({ marks: 'available="0" obtained="0"' })), /invalid-marks: .*no marks available/],
    ['a long id', documentOf(scanOf({ student: 'x'.repeat(201) })), /invalid-id/],
    ['two test ids', documentOf(scanOf({ more: '<test-id>1</test-id>' })), /repeated-element: <test-id>/],
    ['another document', '<feed/>', /^1: other-document: .*<feed>/],
    ['a cut document', documentOf(scanOf()).slice(0, 300), /not-well-formed/],
    ['nothing', '', /not-well-formed/],
    ['JSON', '{"a": 1}', /not-well-formed/],
    ['a ZIP', Buffer.from('504b0304140000000800a5b6', 'hex'), /invalid-encoding|not-well-formed/],
    ['another charset than declared', Buffer.from(documentOf(scanOf({ student: 'é' })), 'latin1'), /invalid-encoding/],
    ['an unknown charset', documentOf(scanOf()).replace('UTF-8', 'EBCDIC-CP-US'), /unknown-encoding/],
    ['two roots', `${documentOf(scanOf())}<feed/>`, /not-well-formed/],
    ['an attribute twice', documentOf(scanOf({ marks: 'available="1" available="2" obtained="1"' })), /not-well-formed/],
    ['an undefined entity', documentOf(scanOf({ student: '&lol;' })), /not-well-formed/],
    [
      'a DTD with entities',
      `<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>${documentOf(scanOf()).slice(40)}`,
      /doctype-refused/,
    ],
    [
      'an external entity',
      `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><mcq-test-results>&x;</mcq-test-results>`,
      /doctype-refused/,
    ],
    ['a deep document', documentOf('<a>'.repeat(100_000)), /too-deep/],
    [
      'a flood of attributes',
      documentOf(`<a ${Array.from({ length: 300 }, (_, n) => `a${n}="1"`).join(' ')}/>`),
      /too-many-attributes/,
    ],
  ];
  test.each(cases)('%s', async (_, body, expected) => {
    expect(await refusal(body)).toMatch(expected);
  });

  test.each([
    ['a tag', `<mcq-test-results a="`],
    ['a text', '<mcq-test-results>'],
    ['a comment', '<mcq-test-results><!-- '],
    ['a DOCTYPE', '<!DOCTYPE a [ '],
  ])('%s that does not end is not gathered', async (_, start) => {
    let sent = 0;
    async function* endless() {
      yield Buffer.from(start);
      for (; sent < 512; sent += 1) yield Buffer.alloc(64 << 10, 'x');
    }
    expect(await refusal(endless())).toMatch(/too-long/);
    expect(sent).toBeLessThan(20);
  });
});

test('what is odd is a finding, and quotes neither names nor numbers of students', async () => {
  const { scans, findings } = await read(
    documentOf(
      scanOf(),
      scanOf().replace('<first-name>A<', '<first-name>Zed<'),
      '<essay-test-result/>',
      scanOf({ student: '1', on: '0001-01-01T00:00:00Z' }),
      scanOf({ student: '2', on: '2017-02-30T10:00:00Z' }),
      scanOf({ student: '3', on: '2017-12-04T12:12:10' }),
      scanOf({ student: '4' }).replace(/ scanned-on="[^"]*"/, ''),
    ),
  );
  expect(findings.map(({ code, line }) => [code, line])).toEqual([
    ['two-names', 5],
    ['other-kind', 7],
    ['implausible-scan-time', 8],
    ['unreadable-scan-time', 10],
    ['no-offset', 12],
    ['no-scan-time', 14],
  ]);
  expect(JSON.stringify(findings)).not.toMatch(/Zed|002299/);
  expect(scans.map(({ scannedAt }) => scannedAt)).toEqual([
    '2017-12-04T01:12:10.000Z',
    '2017-12-04T01:12:10.000Z',
    null,
    null,
    '2017-12-04T12:12:10.000Z',
    null,
  ]);
  expect((await read('<mcq-test-results/>')).findings).toMatchObject([{ code: 'no-results' }]);
});

test('many findings of one kind are counted, not listed', async () => {
  const scans = Array.from({ length: 50 }, (_, n) => scanOf({ student: String(n), on: '' }));
  const { findings } = await read(documentOf(...scans));
  expect(findings).toHaveLength(21);
  expect(findings.at(-1)).toEqual({ code: 'no-scan-time', detail: '30 more, the last on line 101.', line: 101 });
});

test('bytes of any kind are read or refused, and nothing else is thrown', async () => {
  const part = fc.constantFrom(
    '<',
    '>',
    '/',
    '"',
    '=',
    '&',
    ';',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<mcq-test-results>',
    '<mcq-test-result ',
    'a',
    ' ',
    '\0',
    'é',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 30 }), fc.integer({ min: 1, max: 40 }), async (parts, size) => {
      await read(Buffer.from(parts.join('')), size).catch((error: unknown) => {
        if (!(error instanceof XmlFault)) throw error;
      });
    }),
    { numRuns: 300 },
  );
});

const sample = need('markr-sample');

test.skipIf(!sample)('the real document has 100 scans of 81 students, 19 of them with two names', async () => {
  const { scans, findings } = await read(readFileSync(sample as string));
  expect([scans.length, new Set(scans.map(({ student }) => student)).size]).toEqual([100, 81]);
  expect(scans[0]?.student).toBe('002299');
  expect(findings.map(({ code }) => code)).toEqual(Array(19).fill('two-names'));
});
