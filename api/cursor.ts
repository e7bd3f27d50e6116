import { invalidRequest } from '../lib/errors.ts';

/** Shapes of the parts that cursors are made of. */
export const CURSOR = {
  time: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?\+00$/,
  day: /^\d{4}-\d\d-\d\d$/,
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  name: /^[^\0]{1,200}$/s,
};

/** Where a page ended, as one opaque word. */
export function encodeCursor(...parts: string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** The parts of a cursor that encodeCursor gave. Throws 400 where it is none, or its parts have another shape. */
export function decodeCursor(cursor: string, ...shapes: RegExp[]): string[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    const fits = (shape: RegExp, at: number) =>
      typeof (parts as unknown[])[at] === 'string' && shape.test((parts as string[])[at] as string);
    if (Array.isArray(parts) && parts.length === shapes.length && shapes.every(fits)) return parts;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw invalidRequest([{ pointer: '/cursor', code: 'invalid-cursor', detail: 'That is no cursor of this list.' }]);
}
