import { parseTime } from '../../lib/time.ts';
import { isUuid } from '../../lib/uuid.ts';
import { invalidRequest } from './problems.ts';

/** Whether the database can read this part of a cursor. */
type Shape = (part: string) => boolean;

const TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?\+00$/;
const DAY = /^\d{4}-\d\d-\d\d$/;

// PostgreSQL has no year 0.
const isInCalendar = (time: string) => !time.startsWith('0000') && parseTime(time) !== undefined;

/** Expected shapes of the parts of a cursor. */
export const CURSOR = {
  time: (part) => TIME.test(part) && isInCalendar(`${part}:00`),
  day: (part) => DAY.test(part) && isInCalendar(`${part}T00:00:00Z`),
  uuid: isUuid,
  name: (part) => part.length > 0 && part.length <= 200 && !part.includes('\0') && part.isWellFormed(),
} satisfies Record<string, Shape>;

/** Returns the position where a page ended, as one opaque text. */
export function encodeCursor(...parts: string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** Returns the parts of a cursor made by encodeCursor(). Throws 400 if it cannot be decoded or a part has the wrong shape. */
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
