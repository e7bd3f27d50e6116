import { Readable } from 'node:stream';
import type pg from 'pg';

// PostgreSQL protocol messages, by their first byte.
const COPY_DATA = 0x64;
const COPY_DONE = 0x63;
const ERROR_RESPONSE = 0x45;

/**
 * PostgreSQL sends 8 KiB at a time, and each chunk would cost a turn of every stream above. So chunks are passed on in pieces of
 * this size, or after GATHER_MS.
 */
const GATHER_BYTES = 64 * 1024;
const GATHER_MS = 10;

type Listener = (chunk: Buffer) => void;

/**
 * Bytes of one `copy … to stdout`; pass it to query() of a connection. It replaces pg-copy-streams' `to` where rows are many: it
 * strips messages in place, without an object for each row; it can end lines with CR LF, because PostgreSQL sends each row in its
 * own message; and the connection's query timeout ends with the query. The stream ends after PostgreSQL reports the command
 * complete, and `rowCount` is known then. Otherwise it emits an error and does not end.
 *
 * A destroyed stream drains and discards what still arrives, so that the connection stays usable; `over` resolves when it is.
 */
export class CopyOut extends Readable {
  rowCount = 0;
  /** Resolves when the connection has finished the command, however it ended. */
  readonly over: Promise<void>;
  /** Set by pg if the query has a timeout; called when the query ends. */
  callback: (() => void) | undefined;
  readonly #text: string;
  readonly #crlf: boolean;
  #resolveOver: () => void = () => undefined;
  #socket: pg.Connection['stream'] | undefined;
  #parser: Listener | undefined;
  #rest: Buffer | undefined;
  #gathered: Buffer[] = [];
  #gatheredBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #begun = false;
  readonly #onData = (chunk: Buffer) => this.#take(chunk);

  constructor(text: string, options: { crlf?: boolean } = {}) {
    super({ highWaterMark: GATHER_BYTES });
    this.#text = text;
    this.#crlf = options.crlf ?? false;
    this.over = new Promise((resolve) => {
      this.#resolveOver = resolve;
    });
  }

  /** Called by pg when the connection is free for this command. */
  submit(connection: pg.Connection): void {
    const socket = connection.stream;
    const [parser] = socket.listeners('data') as Listener[];
    socket.removeListener('data', parser as Listener);
    socket.on('data', this.#onData);
    this.#socket = socket;
    this.#parser = parser;
    connection.query(this.#text);
  }

  handleError(error: Error): void {
    this.#leave();
    this.destroy(error);
    this.#finish();
  }

  handleCommandComplete({ text }: { text?: string }): void {
    this.rowCount = Number(/^COPY (\d+)$/.exec(text ?? '')?.[1] ?? 0);
  }

  handleReadyForQuery(): void {
    if (!this.destroyed) this.push(null);
    this.#finish();
  }

  override _read(): void {
    this.#socket?.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#gathered = [];
    this.#gatheredBytes = 0;
    clearTimeout(this.#timer);
    this.#socket?.resume();
    callback(error);
  }

  #finish(): void {
    this.callback?.();
    this.callback = undefined;
    this.#resolveOver();
  }

  // Rows move down over the five bytes before them, so the write position never overtakes the read position.
  #take(chunk: Buffer): void {
    const bytes = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    this.#rest = undefined;
    let read = 0;
    let written = 0;
    let left = false;
    while (read + 5 <= bytes.length) {
      const code = bytes[read];
      if (code === ERROR_RESPONSE) {
        left = true;
        break;
      }
      const end = read + 1 + bytes.readInt32BE(read + 1);
      if (end > bytes.length) break;
      if (code === COPY_DATA) {
        bytes.copyWithin(written, read + 5, end);
        written += end - read - 5;
        if (this.#crlf) {
          bytes[written - 1] = 0x0d;
          bytes[written++] = 0x0a;
        }
      }
      read = end;
      if (code === COPY_DONE) {
        left = true;
        break;
      }
    }
    if (written > 0) this.#gather(bytes.subarray(0, written));
    if (left) {
      this.#flush();
      this.#leave(bytes.subarray(read));
    } else if (read < bytes.length) {
      this.#rest = Buffer.from(bytes.subarray(read));
    }
  }

  #gather(bytes: Buffer): void {
    if (this.destroyed) return;
    this.#gathered.push(bytes);
    this.#gatheredBytes += bytes.length;
    if (!this.#begun || this.#gatheredBytes >= GATHER_BYTES) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS);
    this.#begun = true;
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#gatheredBytes === 0) return;
    const bytes = this.#gathered.length === 1 ? (this.#gathered[0] as Buffer) : Buffer.concat(this.#gathered);
    this.#gathered = [];
    this.#gatheredBytes = 0;
    if (!this.push(bytes)) this.#socket?.pause();
  }

  // Returns the connection to pg, with the bytes that arrived and are not ours.
  #leave(unread?: Buffer): void {
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = undefined;
    socket.removeListener('data', this.#onData);
    socket.on('data', this.#parser as Listener);
    if (unread && unread.length > 0) this.#parser?.(unread);
    socket.resume();
  }
}
