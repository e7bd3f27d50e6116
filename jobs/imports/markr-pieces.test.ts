import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Piece } from './importer.ts';
import { markrPieces } from './markr-pieces.ts';

const scan = (student: string, more = '') =>
  `\r\n  <!-- é 🎈 --><mcq-test-result><first-name>José 🎈</first-name><student-number>${student}</student-number>${more}
   <test-id>1</test-id><summary-marks available="2" obtained="1" /></mcq-test-result>`;
const sheets = (...scans: string[]) =>
  `<?xml version="1.0" encoding="UTF-8"?>\r\n<mcq-test-results>${scans.join('')}\r\n</mcq-test-results>\r\n`;

async function* cut(body: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < body.length; at += size) yield body.subarray(at, at + size);
}

async function pieces(body: Buffer, size = 1 << 20): Promise<Piece[]> {
  const found: Piece[] = [];
  for await (const piece of markrPieces(cut(body, size))) found.push(piece);
  expect(Buffer.concat(found.map(({ raw }) => raw)).equals(body)).toBe(true);
  return found;
}

const utf16 = (text: string) => Buffer.from(`\ufeff${text.replace('UTF-8', 'UTF-16')}`, 'utf16le');
const FORMS: [string, (text: string) => Buffer][] = [
  ['UTF-8', Buffer.from],
  ['UTF-8 with a byte order mark', (text) => Buffer.from(`\ufeff${text}`)],
  ['UTF-16', utf16],
  ['UTF-16, big end first', (text) => utf16(text).swap16()],
  ['Latin-1', (text) => Buffer.from(text.replace('UTF-8', 'ISO-8859-1').replaceAll('🎈', ''), 'latin1')],
];

test.each(FORMS)('a document in %s is cut into its scans at the same bytes, wherever it is read in parts', async (_, form) => {
  const [one, two] = [scan('002299'), scan('<![CDATA[2]]>&#51;')];
  const whole = await pieces(form(sheets(one, two)));
  expect(whole.map(({ isRecord, about }) => [isRecord, about])).toEqual([
    [false, undefined],
    [true, ['002299']],
    [true, ['23']],
    [false, undefined],
  ]);
  for (const size of [1, 7, 300]) expect(await pieces(form(sheets(one, two)), size)).toEqual(whole);
  // Without one of them it is the document that was never sent with it.
  const rest = whole.filter(({ about }) => about?.[0] !== '23').map(({ raw }) => raw);
  expect(Buffer.concat(rest).equals(form(sheets(one)))).toBe(true);
});

test('what follows a fault is cut at what looks like the end of a scan, and says nothing about whose it is', async () => {
  for (const form of [Buffer.from, utf16]) {
    const found = await pieces(form(sheets(scan('1'), scan('2', '&lol;'), scan('3')).slice(0, -60)), 400);
    expect(found.map(({ isRecord, about }) => [isRecord, about])).toEqual([
      [false, undefined],
      [true, ['1']],
      ...Array(found.length - 2).fill([true, undefined]),
    ]);
    expect(found.at(-1)?.raw.toString(form === utf16 ? 'utf16le' : 'utf8')).toMatch(/>3</);
  }
  expect(await pieces(Buffer.from('no XML'))).toMatchObject([{ isRecord: true }]);
  expect(await pieces(Buffer.alloc(0))).toEqual([]);
});

test('a scan that is larger than memory should be is given away in pieces', async () => {
  const answers = '<answer question="0" marks-available="1" marks-awarded="1">D</answer>'.repeat(40_000);
  const found = await pieces(Buffer.from(sheets(scan('1', answers), scan('2'))), 64 << 10);
  expect(found.map(({ about }) => about?.[0])).toEqual([undefined, '1', '1', '1', '2', undefined]);
});

test('any bytes are given back as they came', async () => {
  const part = fc.constantFrom(
    '<mcq-test-results>',
    '</mcq-test-result>',
    '<student-number>',
    '<!--',
    '-->',
    '<a',
    '/>',
    'é',
    '\0',
    '\r',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 20 }), fc.integer({ min: 1, max: 40 }), async (parts, size) => {
      await pieces(Buffer.from(parts.join('')), size);
    }),
    { numRuns: 200 },
  );
});
