export type ByteRange = { start: number; end: number };

const ONE = /^bytes=\s*(\d*)-(\d*)\s*$/;

/**
 * The part of a file that a Range header asks for (RFC 9110, 14.2), both ends included: `whole` where there is no header, one that is not
 * understood, or several parts, which may be answered so; `none` where the file has nothing there.
 */
export function rangeOf(header: string | undefined, size: number): ByteRange | 'whole' | 'none' {
  const [, first = '', last = ''] = ONE.exec(header ?? '') ?? [];
  if (first === '' && last === '') return 'whole';
  // From the end.
  if (first === '')
    return Number(last) === 0 || size === 0 ? 'none' : { start: Math.max(0, size - Number(last)), end: size - 1 };
  if (last !== '' && Number(last) < Number(first)) return 'whole';
  if (Number(first) >= size) return 'none';
  return { start: Number(first), end: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
}

/** Whether the rest of a file may be sent: its tag is the one that the client has the beginning of. A weak one or a date never is. */
export const isSameFile = (ifRange: string | undefined, etag: string): boolean => ifRange === undefined || ifRange === etag;

/** Whether the client has the file already. */
export const hasFile = (ifNoneMatch: string | undefined, etag: string): boolean =>
  (ifNoneMatch ?? '').split(',').some((one) => ['*', etag, `W/${etag}`].includes(one.trim()));
