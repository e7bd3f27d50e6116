import { type EventText, writesEvents } from './events.ts';
import type { Importer } from './importer.ts';
import { batchesOfLines, linePieces } from './text.ts';

/** One request of an access log. */
type LoggedRequest = {
  time: string;
  method: string;
  path: string;
  status: number;
  milliseconds?: number;
  user?: string;
  bytes?: number;
};

/** Reads one line; undefined if it is no request. */
type LineReader = (line: string) => LoggedRequest | undefined;

// nova-api of OpenStack. Its times have no zone and are taken as UTC.
const NOVA =
  /^nova-api\.\S+ (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3}) .*"([A-Z]+) (\S+) HTTP\/[\d.]+" status: (\d{3}) len: (\d+) time: ([\d.]+)/;

/** A request of a nova-api log. */
export const readNovaLine: LineReader = (line) => {
  const [, day, clock, method, path, status, bytes, seconds] = NOVA.exec(line) ?? [];
  if (!day || !method || !path) return undefined;
  // Seconds have seven digits, so milliseconds have four. Rounding removes binary fractions of the product.
  const milliseconds = Number((Number(seconds) * 1000).toFixed(4));
  return { time: `${day}T${clock}Z`, method, path, status: Number(status), milliseconds, bytes: Number(bytes) };
};

const COMBINED =
  /^\S+ \S+ (\S+) \[(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d)\] "([A-Z]+) (\S+)(?: HTTP\/[\d.]+)?" (\d{3}) (\d+|-)(?: "(?:\\.|[^"\\])*" "(?:\\.|[^"\\])*")?(?: (\d+))?/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

// Apache and nginx, common and combined. Client addresses, referrers and programs stay in the vault.
const readCombinedLine: LineReader = (line) => {
  const [, user, day, month, year, clock, hours, minutes, method, path, status, bytes] = COMBINED.exec(line) ?? [];
  const number = MONTHS.indexOf(month ?? '') + 1;
  if (!method || !path || number === 0) return undefined;
  const time = `${year}-${String(number).padStart(2, '0')}-${day}T${clock}${hours}:${minutes}`;
  return {
    time,
    method,
    path,
    status: Number(status),
    ...(user !== '-' && user !== undefined && { user }),
    ...(bytes !== '-' && { bytes: Number(bytes) }),
  };
};

const NOT_A_REQUEST = { code: 'not-a-request', detail: 'A line is not a request of this log. It was left out.' };

const readAccessLog = (name: string, mediaTypes: string[], readLine: LineReader): Importer<EventText> => ({
  name,
  version: 1,
  mediaTypes,
  read: (bytes, { mediaType }) =>
    batchesOfLines(bytes, mediaType, (line) => {
      const request = readLine(line);
      return request ? { row: eventOf(request, name) } : NOT_A_REQUEST;
    }),
  pieces: linePieces,
  ...writesEvents,
});

/** Requests in the combined (or common) log format of Apache and nginx. */
export const combinedLog = readAccessLog('combined-log', ['text/x-access-log'], readCombinedLine);

/** Requests of OpenStack's nova-api. */
export const novaLog = readAccessLog('nova-log', ['text/x-nova-log'], readNovaLine);

function eventOf({ time, method, path, status, milliseconds, user, bytes }: LoggedRequest, source: string): EventText {
  return JSON.stringify({
    specversion: '1.0',
    source,
    type: 'mirante.http.request.v1',
    time,
    ...(user !== undefined && { subject: user }),
    data: {
      route: routeOf(path),
      method,
      status,
      ...(milliseconds !== undefined && { duration_ms: milliseconds }),
      ...(bytes !== undefined && { bytes }),
      outcome: status < 500 ? 'success' : 'failure',
    },
  });
}

/** The path without its query, with every id replaced by `:id`: one name for all requests of a kind. */
export function routeOf(path: string): string {
  const isId = (part: string) => /^([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+)$/.test(part);
  const bare = path.split('?', 1)[0] as string;
  return bare
    .split('/')
    .map((part) => (isId(part) ? ':id' : part))
    .join('/');
}
