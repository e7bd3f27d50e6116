import { Readable } from 'node:stream';
import { type CsvError, parse } from 'csv-parse';
import type { Finding } from '../../sql/imports/imports.ts';
import { type EventText, writesEvents } from './events.ts';
import type { ImportBatch, ImportDocument, Importer, Piece } from './importer.ts';
import { eventMaker, mappingOf } from './mapped-event.ts';
import { Rejected } from './outcomes.ts';
import { isFull, linePieces, MAX_LINE, textOf } from './text.ts';

const MAX_COLUMNS = 1_000;

type Row = { record: string[]; info: { lines: number } };

/** Events as rows of a CSV file with a header (RFC 4180). */
export const csvEvents: Importer<EventText> = {
  name: 'csv-events',
  version: 1,
  mediaTypes: ['text/csv'],
  read: readCsv,
  pieces: csvPieces,
  ...writesEvents,
};

async function* readCsv(bytes: AsyncIterable<Buffer>, document: ImportDocument): AsyncGenerator<ImportBatch<EventText>> {
  const mapping = mappingOf(document);
  const parser = parse({
    bom: true,
    info: true,
    delimiter: mapping.delimiter ?? ',',
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: MAX_LINE,
  });
  const text = Readable.from(textOf(bytes, document.mediaType));
  text.once('error', (error) => parser.destroy(error));
  let header: string[] | undefined;
  let make: ReturnType<typeof eventMaker> | undefined;
  let rows: EventText[] = [];
  let findings: Finding[] = [];
  let characters = 0;
  try {
    for await (const { record, info } of text.pipe(parser) as AsyncIterable<Row>) {
      if (!header || !make) {
        header = headerOf(record);
        make = eventMaker(mapping, header);
        continue;
      }
      if (record.length !== header.length) {
        const detail = `A row has ${record.length} columns, but the header has ${header.length}. The row was left out.`;
        findings.push({ code: 'column-count', detail, pointer: `/line/${info.lines}` });
      } else {
        const places = placesOf(header);
        const event = make((column) => record[places.get(column) as number]);
        rows.push(event);
        characters += event.length;
      }
      if (!isFull(rows.length + findings.length, characters)) continue;
      yield { rows, findings };
      characters = 0;
      rows = [];
      findings = [];
    }
  } catch (error) {
    throw faultOf(error);
  } finally {
    text.destroy();
    parser.destroy();
  }
  if (!header) throw new Rejected('empty', 'The document has no header.');
  yield { rows, findings };
}

let last: { header: string[]; places: Map<string, number> } | undefined;

function placesOf(header: string[]): Map<string, number> {
  if (last?.header !== header) last = { header, places: new Map(header.map((name, place) => [name, place])) };
  return last.places;
}

function headerOf(record: string[]): string[] {
  const header = record.map((name) => name.trim());
  if (header.length > MAX_COLUMNS) {
    throw new Rejected(
      'too-many-columns',
      `The document has ${header.length} columns; at most ${MAX_COLUMNS} are read.`,
      '/line/1',
    );
  }
  const repeated = header.find((name, place) => header.indexOf(name) !== place);
  if (repeated !== undefined) {
    throw new Rejected('duplicate-column', `Two columns are called “${repeated.slice(0, 100)}”. Rename one.`, '/line/1');
  }
  if (header.includes('')) throw new Rejected('unnamed-column', 'A column has no name.', '/line/1');
  return header;
}

const FAULTS: Record<string, [code: string, detail: string]> = {
  CSV_QUOTE_NOT_CLOSED: ['truncated', 'The document ends inside a quoted value: it is cut off, or a quote is missing.'],
  CSV_INVALID_CLOSING_QUOTE: [
    'stray-quote',
    'A quoted value goes on after its closing quote. Write a quote within a value twice.',
  ],
  INVALID_OPENING_QUOTE: [
    'stray-quote',
    'A quote is inside a value that is not quoted. Quote the value, and write the quote twice.',
  ],
  CSV_MAX_RECORD_SIZE: ['line-too-long', `A row is longer than ${MAX_LINE} characters, or a quote is not closed.`],
};

function faultOf(error: unknown): unknown {
  const { code = '', lines } = error as Partial<CsvError> & { lines?: number };
  const fault = FAULTS[code];
  return fault ? new Rejected(...fault, lines === undefined ? undefined : `/line/${lines}`) : error;
}

// A row may have line feeds within quotes, so a line is a record only where its quotes are even; the header is none.
async function* csvPieces(bytes: AsyncIterable<Buffer>): AsyncGenerator<Piece> {
  let isHeader = true;
  let open: Buffer[] = [];
  let quotes = 0;
  for await (const { raw } of linePieces(bytes)) {
    for (const byte of raw) if (byte === 34) quotes++;
    open.push(raw);
    if (quotes % 2 === 1) continue;
    yield { raw: Buffer.concat(open), isRecord: !isHeader };
    isHeader = false;
    open = [];
    quotes = 0;
  }
  if (open.length > 0) yield { raw: Buffer.concat(open), isRecord: true };
}
