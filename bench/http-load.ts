import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';

export type Answer = { status: number; body: string };

/** One keep-alive connection with minimal overhead, so that the load does not measure itself. */
export class Connection {
  #socket: Socket;
  #received = '';
  #waiting: { done: (answer: Answer) => void; fail: (error: Error) => void } | undefined;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true });
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (chunk) => this.#read(String(chunk)));
    for (const event of ['error', 'close']) {
      this.#socket.on(event, () => this.#waiting?.fail(new Error('The server closed the connection.')));
    }
  }

  /** Sends one complete ASCII request and waits for its answer. */
  send(request: string): Promise<Answer> {
    return new Promise((done, fail) => {
      this.#waiting = { done, fail };
      this.#socket.write(request, 'latin1');
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: string): void {
    this.#received += chunk;
    const end = this.#received.indexOf('\r\n\r\n');
    if (end === -1) return;
    const head = this.#received.slice(0, end);
    let body = this.#received.slice(end + 4);
    const length = /\r\ncontent-length: (\d+)/i.exec(head);
    if (length) {
      if (body.length < Number(length[1])) return;
    } else {
      if (!body.endsWith('0\r\n\r\n')) return;
      body = body.replace(/^[0-9a-f]+\r\n/i, '');
    }
    this.#received = '';
    this.#waiting?.done({ status: Number(head.slice(9, 12)), body });
  }
}

export function post(path: string, key: string, body: string): string {
  return `POST ${path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

export function get(path: string, key: string): string {
  return `GET ${path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${key}\r\n\r\n`;
}

/**
 * Keeps `connections` requests open for `seconds`; each connection starts at most one per `pauseMs`. Returns the answers per
 * second and each duration in ms.
 */
export async function load(
  url: string,
  connections: number,
  seconds: number,
  next: (turn: number) => string,
  check: (answer: Answer) => void,
  pauseMs = 0,
): Promise<{ perSecond: number; durations: Float64Array }> {
  const durations: number[] = [];
  const started = performance.now();
  const until = started + seconds * 1000;
  let turn = 0;
  await Promise.all(
    Array.from({ length: connections }, async (_, index) => {
      const connection = new Connection(url);
      await setTimeout((pauseMs * index) / connections);
      while (performance.now() < until) {
        const request = next(turn++);
        const sent = performance.now();
        check(await connection.send(request));
        durations.push(performance.now() - sent);
        if (pauseMs > 0) await setTimeout(Math.max(0, sent + pauseMs - performance.now()));
      }
      connection.close();
    }),
  );
  const elapsed = (performance.now() - started) / 1000;
  return { perSecond: durations.length / elapsed, durations: Float64Array.from(durations).sort() };
}

/** The nearest-rank quantile: the value that this share of the sorted values does not exceed. */
export function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
