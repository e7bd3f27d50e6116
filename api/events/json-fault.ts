import { type ParseError, parse } from 'jsonc-parser';
import { faultAt, type JsonItem } from '../../lib/json-items.ts';
import { type Fault, invalidJson, type Problem } from '../http/problems.ts';

const MAX_SNIPPET = 20;
const NOTHING_STORED = 'No event of this request was stored.';

/** Returns the 400 for a body whose item at `index` is not JSON. It names the item and the place. */
export function badItem(body: string, item: JsonItem, index: number): Problem {
  const errors: ParseError[] = [];
  parse(item.text, errors, { disallowComments: true });
  const { offset, length } = errors[0] ?? { offset: 0, length: 0 };
  const place = placeOf(body, item.start + offset, length);
  return problem(`The item with index ${index} is not JSON: ${place}.`, `/${index}`);
}

/** Returns the 400 for an array that is malformed between its items, or not closed. */
export function badArray(body: string): Problem {
  const { items, at } = faultAt(body);
  return problem(`The body is not JSON: ${placeOf(body, at, 1)}.`, `/${Math.max(0, items - 1)}`);
}

/** Returns the 400 for newline-delimited JSON that was sent as JSON; undefined for any other body. */
export function mistakenLines(body: string): Problem | undefined {
  const end = body.indexOf('\n');
  const first = body.slice(0, Math.max(0, end)).trim();
  if (!first.startsWith('{') || !first.endsWith('}') || body.slice(end).trim() === '') return undefined;
  try {
    JSON.parse(first);
  } catch {
    return undefined;
  }
  const detail = 'Line 2 starts a second JSON value. Send one event per line as application/x-ndjson, or send an array.';
  return problem(detail, '/1');
}

const problem = (detail: string, pointer: string) =>
  invalidJson(`${detail} ${NOTHING_STORED}`, [{ pointer, code: 'invalid-json', detail } satisfies Fault]);

function placeOf(body: string, at: number, length: number): string {
  let line = 1;
  let lineStart = 0;
  for (let end = body.indexOf('\n'); end !== -1 && end < at; end = body.indexOf('\n', lineStart)) {
    line++;
    lineStart = end + 1;
  }
  const column = at - lineStart + 1;
  const found = body.slice(at, at + Math.min(length, MAX_SNIPPET)).toWellFormed();
  return `${found === '' ? 'it ends' : `unexpected ${JSON.stringify(found)}`} at line ${line}, column ${column} (position ${at})`;
}
