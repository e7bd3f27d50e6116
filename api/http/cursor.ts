import { parseTime } from '../../lib/time.ts';
import { isUuid } from '../../lib/uuid.ts';
import { invalidRequest } from './problems.ts';

/** Whether a part of a cursor is what the database can read as such. */
type Shape = (part: string) => boolean;

const TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?\+00$/;
const DAY = /^\d{4}-\d\d-\d\d$/;

// The calendar of PostgreSQL has no year 0.
const isInCalendar = (time: string) => !time.startsWith('0000') && parseTime(time) !== undefined;

/** Shapes of the parts that cursors are made of. */
export const CURSOR = {
  time: (part) => TIME.test(part) && isInCalendar(`${part}:00`),
  day: (part) => DAY.test(part) && isInCalendar(`${part}T00:00:00Z`),
  uuid: isUuid,
  name: (part) => part.length > 0 && part.length <= 200 && !part.includes('\0') && part.isWellFormed(),
} satisfies Record<string, Shape>;

/** Where a page ended, as one opaque word. */
export function encodeCursor(...parts: string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** The parts of a cursor that encodeCursor gave. Throws 400 where it is none, or its parts have another shape. */
export function decodeCursor(cursor: string, ...shapes: Shape[]): string[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    const fits = (shape: Shape, at: number) =>
      typeof (parts as unknown[])[at] === 'string' && shape((parts as string[])[at] as string);
    if (Array.isArray(parts) && parts.length === shapes.length && shapes.every(fits)) return parts;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw invalidRequest([
    {
      pointer: '/cursor',
      code: 'invalid-cursor',
      detail: 'The cursor does not belong to this list. Use next_cursor of an earlier answer unchanged.',
    },
  ]);
}
