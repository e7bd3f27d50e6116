import { type EventText, writesEvents } from './events.ts';
import type { ImportBatch, ImportDocument, Importer } from './importer.ts';
import { eventMaker, mappingOf } from './mapped-event.ts';
import { batchesOfLines, linePieces } from './text.ts';

/** Events as lines of JSON: CloudEvents as they are, or any objects by a mapping. */
export const ndjsonEvents: Importer<EventText> = {
  name: 'ndjson-events',
  version: 1,
  mediaTypes: ['application/x-ndjson', 'application/jsonl', 'application/x-jsonlines'],
  read: readLines,
  pieces: linePieces,
  ...writesEvents,
};

function readLines(bytes: AsyncIterable<Buffer>, document: ImportDocument): AsyncIterable<ImportBatch<EventText>> {
  const mapping = mappingOf(document);
  return batchesOfLines(bytes, document.mediaType, (text) => {
    if (!document.mapping) return { row: text.trim() };
    const object = objectOf(text);
    return object ? { row: eventMaker(mapping, columnsOf(object, mapping))((column) => object[column]) } : NOT_AN_OBJECT;
  });
}

const NOT_AN_OBJECT = { code: 'not-an-object', detail: 'A line is not a JSON object. It was left out.' };

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
