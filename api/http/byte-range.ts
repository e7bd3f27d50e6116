export type ByteRange = { start: number; end: number };

const ONE = /^bytes=\s*(\d*)-(\d*)\s*$/;

/**
 * Returns the part of a file that a Range header asks for (RFC 9110, 14.2), both ends included. Returns `whole` if the header
 * is absent, unknown or asks for several parts (the RFC allows this), and `none` if the range is outside the file.
 */
export function rangeOf(header: string | undefined, size: number): ByteRange | 'whole' | 'none' {
  const [, first = '', last = ''] = ONE.exec(header ?? '') ?? [];
  if (first === '' && last === '') return 'whole';
  // A suffix range: the last N bytes.
  if (first === '')
    return Number(last) === 0 || size === 0 ? 'none' : { start: Math.max(0, size - Number(last)), end: size - 1 };
  if (last !== '' && Number(last) < Number(first)) return 'whole';
  if (Number(first) >= size) return 'none';
  return { start: Number(first), end: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
}

/** Whether to send the rest of a file: If-Range must be absent or equal to its tag. A weak tag or a date never matches. */
export const isSameFile = (ifRange: string | undefined, etag: string): boolean => ifRange === undefined || ifRange === etag;

/** Whether If-None-Match says that the client already has the file. */
export const hasFile = (ifNoneMatch: string | undefined, etag: string): boolean =>
  (ifNoneMatch ?? '').split(',').some((one) => ['*', etag, `W/${etag}`].includes(one.trim()));
