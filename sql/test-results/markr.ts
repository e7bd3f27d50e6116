import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { createXmlReader, XML_PIECE_BYTES, type XmlElement, XmlFault } from '../../lib/xml.ts';

/** One scan of one answer sheet. Names of people are not part of it. */
export type Scan = {
  student: string;
  test: string;
  available: number;
  obtained: number;
  /** When it was scanned, as ISO text in UTC; null if the document has no plausible time. */
  scannedAt: string | null;
  /** Line of the document where the scan begins. */
  line: number;
};

/** Something odd that does not stop an import. It quotes neither names nor student numbers. */
export type ScanFinding = { code: string; detail: string; line: number };

/** A finding as the vault keeps it. */
export const findingOf = ({ code, detail, line }: ScanFinding) => ({ code, detail, pointer: `/line/${line}` });

const MAX_ID = 200;
const MAX_MARKS = 1_000_000;
/** Students of one document whose names are compared. */
const MAX_COMPARED = 100_000;
/** Findings of one code that are listed; the others are only counted. */
const MAX_LISTED = 20;

const ROOT = 'mcq-test-results';
const SCAN = 'mcq-test-result';
const TEXTS = ['student-number', 'test-id', 'first-name', 'last-name'];

type Open = { line: number; scannedOn: string | undefined; texts: Record<string, string>; marks?: XmlElement };

/**
 * Reads a document of test results: yields its scans as they come, and at the end what is odd. Throws XmlFault, with the line, where
 * the document is not well-formed, is another kind of document, or lacks an essential: student number, test id, marks
 * available and obtained. Memory does not grow with the document.
 */
export async function* readMarkr(body: AsyncIterable<Uint8Array>): AsyncGenerator<{ scans: Scan[]; findings: ScanFinding[] }> {
  let scans: Scan[] = [];
  const odd = createFindings();
  const names = new Map<string, { name: string; line: number }>();
  let uri: string | undefined;
  let scan: Open | undefined;
  let field: string | undefined;
  let depth = 0;
  let total = 0;

  const reader = createXmlReader({
    open(element) {
      depth += 1;
      uri ??= element.uri;
      const isOurs = element.uri === uri;
      if (depth === 1) {
        if (element.name !== ROOT)
          throw new XmlFault('other-document', `The document is <${shown(element.name)}>, not <${ROOT}>.`, element.line);
      } else if (depth === 2) {
        if (isOurs && element.name === SCAN)
          scan = { line: element.line, scannedOn: element.attribute('scanned-on'), texts: {} };
        else odd.add('other-kind', `<${shown(element.name)}> is not a test result and was left out.`, element.line);
      } else if (depth === 3 && scan && isOurs) {
        if (element.name === 'summary-marks') {
          if (scan.marks) throw repeated(element.name, element.line);
          scan.marks = element;
        } else if (TEXTS.includes(element.name)) {
          if (scan.texts[element.name] !== undefined) throw repeated(element.name, element.line);
          field = element.name;
          scan.texts[field] = '';
        }
      }
    },
    text(text) {
      if (!scan || !field || depth !== 3) return;
      const whole = scan.texts[field] + text;
      // Space around a text is layout.
      scan.texts[field] = whole.length > 4 * MAX_ID ? whole.trim().slice(0, 4 * MAX_ID) : whole;
    },
    close() {
      depth -= 1;
      if (depth === 2) field = undefined;
      if (depth !== 1 || !scan) return;
      scans.push(finish(scan));
      total += 1;
      scan = undefined;
    },
  });

  function finish(open: Open): Scan {
    const student = essentialText(open, 'student-number');
    const test = essentialText(open, 'test-id');
    const { marks } = open;
    if (!marks) throw missing('<summary-marks>', open.line);
    const available = marksOf(marks, 'available');
    const obtained = marksOf(marks, 'obtained');
    if (available === 0) throw new XmlFault('invalid-marks', '<summary-marks> has no marks available.', marks.line);
    if (obtained > available)
      throw new XmlFault('invalid-marks', '<summary-marks> has more marks obtained than available.', marks.line);
    compareNames(student, open);
    return { student, test, available, obtained, scannedAt: scanTime(open, odd.add), line: open.line };
  }

  function compareNames(student: string, { texts, line }: Open): void {
    const first = (texts['first-name'] ?? '').trim();
    const last = (texts['last-name'] ?? '').trim();
    if (!first && !last) return;
    const name = createHash('sha256')
      .update(JSON.stringify([first, last]))
      .digest('base64')
      .slice(0, 16);
    const known = names.get(student);
    if (!known) {
      if (names.size < MAX_COMPARED) names.set(student, { name, line });
    } else if (known.name !== name) {
      odd.add('two-names', `One student number has two names: in the scans on lines ${known.line} and ${line}.`, line);
    }
  }

  for await (const bytes of body) {
    for (let at = 0; at < bytes.length; at += XML_PIECE_BYTES) {
      reader.write(bytes.subarray(at, at + XML_PIECE_BYTES));
      if (scans.length > 0) yield { scans, findings: [] };
      scans = [];
      // Others of this process take their turn.
      await setImmediate();
    }
  }
  reader.end();
  if (total === 0) odd.add('no-results', 'The document has no test results.', 1);
  yield { scans, findings: odd.list() };
}

const shown = (name: string) => name.slice(0, 60);
const repeated = (name: string, line: number) =>
  new XmlFault('repeated-element', `<${name}> occurs twice in one <${SCAN}>.`, line);
const missing = (what: string, line: number) =>
  new XmlFault('missing-essential', `A <${SCAN}> has no ${what}. The whole document is refused.`, line);

function essentialText({ texts, line }: Open, name: string): string {
  const text = (texts[name] ?? '').trim();
  if (text === '') throw missing(`<${name}>`, line);
  if (text.length > MAX_ID)
    throw new XmlFault('invalid-id', `The <${name}> of a <${SCAN}> is longer than ${MAX_ID} characters.`, line);
  return text;
}

function marksOf({ attribute, line }: XmlElement, name: string): number {
  const text = attribute(name)?.trim();
  if (!text) throw missing(`"${name}" in <summary-marks>`, line);
  if (!/^\d{1,7}$/.test(text) || Number(text) > MAX_MARKS)
    throw new XmlFault('invalid-marks', `"${name}" in <summary-marks> is not a whole number from 0 to ${MAX_MARKS}.`, line);
  return Number(text);
}

const TIME = /^(\d{4})-(\d\d)-(\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?$/;

// A clock that was never set says year 1 or 1970.
const isPlausible = (time: number) => time >= Date.UTC(1980) && time < Date.UTC(2100);

function scanTime({ scannedOn, line }: Open, add: Findings['add']): string | null {
  const text = scannedOn?.trim();
  if (!text) {
    add('no-scan-time', 'A scan has no "scanned-on". Its date is left open.', line);
    return null;
  }
  const [whole, year, month, day, offset] = TIME.exec(text) ?? [];
  const isDay = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day);
  const time = whole && isDay ? Date.parse(offset ? whole : whole.includes('T') ? `${whole}Z` : whole) : Number.NaN;
  if (Number.isNaN(time)) {
    add('unreadable-scan-time', '"scanned-on" is not a time such as 2017-12-04T12:12:10+11:00. The date is left open.', line);
    return null;
  }
  if (!isPlausible(time)) {
    add('implausible-scan-time', `"scanned-on" is in the year ${year}. The date is left open.`, line);
    return null;
  }
  if (!offset) add('no-offset', '"scanned-on" has no offset from UTC, and is taken as UTC.', line);
  return new Date(time).toISOString();
}

type Findings = ReturnType<typeof createFindings>;

function createFindings() {
  const listed: ScanFinding[] = [];
  const counts = new Map<string, { listed: number; more: number; line: number }>();
  return {
    add(code: string, detail: string, line: number): void {
      const count = counts.get(code) ?? { listed: 0, more: 0, line };
      counts.set(code, count);
      if (count.listed === MAX_LISTED) {
        count.more += 1;
        count.line = line;
        return;
      }
      count.listed += 1;
      listed.push({ code, detail, line });
    },
    list: (): ScanFinding[] => [
      ...listed,
      ...[...counts]
        .filter(([, { more }]) => more > 0)
        .map(([code, { more, line }]) => ({ code, detail: `${more} more, the last on line ${line}.`, line })),
    ],
  };
}
