import { TextDecoder } from 'node:util';
import type { Finding } from '../../sql/imports/imports.ts';
import type { ImportBatch, Piece } from './importer.ts';
import { Rejected } from './outcomes.ts';

/** Longest line that is read. */
export const MAX_LINE = 1 << 20;

/** Rows, and characters, of a batch: whichever comes first. */
const BATCH_ROWS = 1_000;
const BATCH_CHARACTERS = 1 << 20;

/** Whether a batch is full, by the number of its rows and findings and by the characters that were read for it. */
export const isFull = (count: number, characters: number) => count >= BATCH_ROWS || characters >= BATCH_CHARACTERS;

const MAGIC: [string, string][] = [
  ['504b0304', 'a ZIP archive'],
  ['1f8b', 'gzip'],
  ['28b52ffd', 'zstd'],
  ['25504446', 'PDF'],
];

/** The text of a document, by the charset of its media type (UTF-8 without one). Throws Rejected if it is not such text. */
export async function* textOf(bytes: AsyncIterable<Buffer>, mediaType: string): AsyncGenerator<string> {
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(mediaType)?.[1] ?? 'utf-8';
  const decoder = decoderOf(charset);
  let at = 0;
  let isFirst = true;
  for await (const chunk of bytes) {
    if (isFirst && chunk.length > 0) {
      const start = chunk.subarray(0, 4).toString('hex');
      const known = MAGIC.find(([magic]) => start.startsWith(magic));
      if (known) throw new Rejected('not-text', `The document is ${known[1]}, not text. Send it unpacked.`);
      isFirst = false;
    }
    const text = decoded(decoder, chunk, at, charset);
    at += chunk.length;
    if (text.includes('\u0000')) throw new Rejected('not-text', 'The document has U+0000, which text does not have.');
    if (text !== '') yield text;
  }
  const rest = decoded(decoder, undefined, at, charset);
  if (rest !== '') yield rest;
}

function decoderOf(charset: string): TextDecoder {
  try {
    return new TextDecoder(charset, { fatal: true });
  } catch {
    throw new Rejected('unknown-charset', `The charset ${charset.slice(0, 50)} is not known. Send UTF-8.`);
  }
}

function decoded(decoder: TextDecoder, chunk: Buffer | undefined, at: number, charset: string): string {
  try {
    return decoder.decode(chunk, { stream: chunk !== undefined });
  } catch {
    const detail = `The document is not ${charset}: the fault is at or soon after byte ${at}. Name its charset in Content-Type.`;
    throw new Rejected('invalid-encoding', detail);
  }
}

/** Lines of a text with their numbers, from 1, ended by LF, CRLF or CR. The last one need not be ended. */
export async function* linesOf(texts: AsyncIterable<string>): AsyncGenerator<{ line: number; text: string }> {
  let waiting = '';
  let line = 0;
  for await (const text of texts) {
    waiting += text;
    const parts = waiting.split(/\r\n|\n|\r(?=[^\n])/);
    waiting = parts.pop() as string;
    if (waiting.length > MAX_LINE)
      throw new Rejected(
        'line-too-long',
        `The line is longer than ${MAX_LINE} characters.`,
        `/line/${line + parts.length + 1}`,
      );
    for (const part of parts) yield { line: ++line, text: part };
  }
  const last = waiting.endsWith('\r') ? waiting.slice(0, -1) : waiting;
  if (last !== '') yield { line: line + 1, text: last };
}

/** What a line gives: a row, or the finding for which it is left out. */
export type LineResult<Row> = { row: Row } | { code: string; detail: string };

/** Reads each line that is not blank, and returns batches of rows and findings. */
export async function* batchesOfLines<Row>(
  bytes: AsyncIterable<Buffer>,
  mediaType: string,
  read: (text: string) => LineResult<Row>,
): AsyncGenerator<ImportBatch<Row>> {
  let rows: Row[] = [];
  let findings: Finding[] = [];
  let characters = 0;
  for await (const { line, text } of linesOf(textOf(bytes, mediaType))) {
    if (text.trim() === '') continue;
    const result = read(text);
    if ('row' in result) rows.push(result.row);
    else findings.push({ ...result, pointer: `/line/${line}` });
    characters += text.length;
    if (!isFull(rows.length + findings.length, characters)) continue;
    yield { rows, findings };
    characters = 0;
    rows = [];
    findings = [];
  }
  yield { rows, findings };
}

const NEWLINE = 10;

/** A document cut at its line feeds, each line a record. The bytes are as they came, also where they are not text. */
export async function* linePieces(bytes: AsyncIterable<Buffer>): AsyncGenerator<Piece> {
  let waiting: Buffer[] = [];
  for await (const chunk of bytes) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      yield { raw: Buffer.concat([...waiting, chunk.subarray(start, end + 1)]), isRecord: true };
      waiting = [];
      start = end + 1;
    }
    if (start < chunk.length) waiting.push(chunk.subarray(start));
  }
  if (waiting.length > 0) yield { raw: Buffer.concat(waiting), isRecord: true };
}
