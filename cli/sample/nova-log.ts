import { createHash } from 'node:crypto';

/** One request of an OpenStack nova-api log, with its line number. */
export type NovaRequest = { line: number; time: Date; method: string; path: string; status: number; seconds: number };

const REQUEST =
  /^nova-api\.\S+ (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3}) .*"([A-Z]+) (\S+) HTTP\/[\d.]+" status: (\d{3}) len: \d+ time: ([\d.]+)/;

/** The requests of a nova-api log. Skips other lines and programs. */
export function parseNovaLog(text: string): NovaRequest[] {
  const requests: NovaRequest[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const [, day, clock, method, path, status, seconds] = REQUEST.exec(line) ?? [];
    if (!day || !clock || !method || !path) continue;
    const time = new Date(`${day}T${clock}Z`);
    requests.push({ line: index + 1, time, method, path, status: Number(status), seconds: Number(seconds) });
  }
  return requests;
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

/** SHA-256 of a file's bytes, the name under which its shift is stored. */
export function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Requests as `mirante.http.request.v1` events, one JSON line each, moved by `shiftMs`. Ids come from the file's digest and
 * the line number, so the same file with the same shift produces the same events.
 */
export function* novaEvents(requests: NovaRequest[], digest: string, shiftMs: number): Generator<string> {
  for (const request of requests) {
    yield JSON.stringify({
      specversion: '1.0',
      id: `${digest.slice(0, 32)}-${request.line}`,
      source: 'nova-api',
      type: 'mirante.http.request.v1',
      time: new Date(request.time.getTime() + shiftMs).toISOString(),
      data: {
        route: routeOf(request.path),
        method: request.method,
        status: request.status,
        // Seconds have seven digits, so milliseconds have four. Rounding removes binary fractions of the product.
        duration_ms: Number((request.seconds * 1000).toFixed(4)),
        outcome: request.status < 500 ? 'success' : 'failure',
      },
    });
  }
}
