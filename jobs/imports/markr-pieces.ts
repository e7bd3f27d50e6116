import { createXmlReader, XML_PIECE_BYTES, XmlFault } from '../../lib/xml.ts';
import type { Piece } from './importer.ts';

/** A longer scan is cut into several pieces as soon as it is known whose it is. */
const MAX_PIECE = 1 << 20;

const SCAN = 'mcq-test-result';
// The end of a scan in a document that is no XML, in each encoding.
const ENDS = (['latin1', 'utf16le'] as const).map((encoding) => Buffer.from(`${SCAN}>`, encoding));

/**
 * A document of test results cut after the begin of its root, after each scan, and before the end. Scans are about the student whose
 * number they have. What follows a fault is cut after what looks like the end of a scan. The bytes are as they came.
 */
export async function* markrPieces(bytes: AsyncIterable<Buffer>): AsyncGenerator<Piece> {
  const held = createHeld();
  let cuts: { at: number; piece: Omit<Piece, 'raw'> }[] = [];
  let depth = 0;
  let uri: string | undefined;
  let students: string[] = [];
  let isNumber = false;
  const reader = createXmlReader({
    open(element) {
      depth += 1;
      uri ??= element.uri;
      if (depth === 1) cuts.push({ at: reader.offset(), piece: { isRecord: false } });
      else if (depth === 3 && element.name === 'student-number' && element.uri === uri) {
        isNumber = true;
        students.push('');
      }
    },
    text(text) {
      if (isNumber && depth === 3) students.push((students.pop() + text).slice(0, MAX_PIECE));
    },
    close() {
      depth -= 1;
      if (depth === 2) isNumber = false;
      if (depth !== 1) return;
      cuts.push({ at: reader.offset(), piece: { isRecord: true, ...whose(students) } });
      students = [];
    },
  });

  let isFaulty = false;
  function read(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof XmlFault)) throw error;
      isFaulty = true;
    }
  }
  for await (const chunk of bytes) {
    for (let from = 0; from < chunk.length; from += XML_PIECE_BYTES) {
      const part = chunk.subarray(from, from + XML_PIECE_BYTES);
      held.add(part);
      if (!isFaulty) read(() => reader.write(part));
      for (const { at, piece } of cuts) yield { ...piece, raw: held.take(at) };
      cuts = [];
      if (isFaulty) yield* held.guess();
      else if (students.length > 0 && !isNumber && held.length > MAX_PIECE)
        yield { raw: held.take(Number.POSITIVE_INFINITY), isRecord: true, ...whose(students) };
    }
  }
  if (!isFaulty) read(() => reader.end());
  for (const { at, piece } of cuts) yield { ...piece, raw: held.take(at) };
  if (isFaulty) yield* held.guess();
  if (held.length > 0) yield { raw: held.take(Number.POSITIVE_INFINITY), isRecord: isFaulty };
}

// Spaces around a number are not part of it.
const whose = (students: string[]) => (students.length > 0 ? { about: students.map((student) => student.trim()) } : {});

// Bytes that were read and not yet given away.
function createHeld() {
  let parts: Buffer[] = [];
  let start = 0;
  let length = 0;
  function joined(): Buffer {
    if (parts.length !== 1) parts = [Buffer.concat(parts)];
    return parts[0] as Buffer;
  }
  function take(to: number): Buffer {
    const all = joined();
    const taken = all.subarray(0, to - start);
    parts = [all.subarray(taken.length)];
    start += taken.length;
    length -= taken.length;
    return taken;
  }
  return {
    add(part: Buffer): void {
      parts.push(part);
      length += part.length;
    },
    /** Takes the bytes up to a place in the document. */
    take,
    *guess(): Generator<Piece> {
      for (;;) {
        const all = joined();
        const ends = ENDS.map((end) => ({ at: all.indexOf(end), end })).filter(({ at }) => at !== -1);
        const [first] = ends.sort((a, b) => a.at - b.at);
        if (!first && length <= MAX_PIECE) return;
        const to = first ? first.at + first.end.length : length;
        yield { raw: take(start + to), isRecord: true };
      }
    },
    get length() {
      return length;
    },
  };
}
