import type { Finding } from '../../sql/imports/imports.ts';
import { type EventText, writesEvents } from './events.ts';
import type { ImportBatch, ImportDocument, Importer } from './importer.ts';
import { eventMaker, mappingOf } from './mapped-event.ts';
import { isFull, linePieces, linesOf, textOf } from './text.ts';

/** Events as lines of JSON: CloudEvents as they are, or any objects by a mapping. */
export const ndjsonEvents: Importer<EventText> = {
  name: 'ndjson-events',
  version: 1,
  mediaTypes: ['application/x-ndjson', 'application/jsonl', 'application/x-jsonlines'],
  read: readLines,
  pieces: linePieces,
  ...writesEvents,
};

async function* readLines(bytes: AsyncIterable<Buffer>, document: ImportDocument): AsyncGenerator<ImportBatch<EventText>> {
  const mapping = mappingOf(document);
  let rows: EventText[] = [];
  let findings: Finding[] = [];
  let characters = 0;
  for await (const { line, text } of linesOf(textOf(bytes, document.mediaType))) {
    const trimmed = text.trim();
    if (trimmed === '') continue;
    if (!document.mapping) rows.push(trimmed);
    else {
      const object = objectOf(trimmed);
      if (object) rows.push(eventMaker(mapping, columnsOf(object, mapping))((column) => object[column]));
      else
        findings.push({
          code: 'not-an-object',
          detail: 'A line is not a JSON object. It was left out.',
          pointer: `/line/${line}`,
        });
    }
    characters += text.length;
    if (!isFull(rows.length + findings.length, characters)) continue;
    yield { rows, findings };
    characters = 0;
    rows = [];
    findings = [];
  }
  yield { rows, findings };
}

// A member that an object lacks is an absent value and no fault of the document, as objects need not be alike.
const columnsOf = (
  object: Record<string, unknown>,
  { type, id, time, subject, source, data, numbers }: ReturnType<typeof mappingOf>,
) => [
  ...new Set([
    ...Object.keys(object),
    ...[type, id, time, subject, source].filter((from) => typeof from === 'string'),
    ...Object.values(data ?? {}),
    ...(numbers ?? []),
  ]),
];

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
