import { Readable } from 'node:stream';
import type pg from 'pg';

// Messages of PostgreSQL's protocol, by their first byte.
const COPY_DATA = 0x64;
const COPY_DONE = 0x63;
const ERROR_RESPONSE = 0x45;

/** PostgreSQL sends 8 KiB at a time, each of which would be a turn of everything above. What has begun is passed on in pieces of this size, or after a moment. */
const GATHER_BYTES = 64 * 1024;
const GATHER_MS = 10;

type Listener = (chunk: Buffer) => void;

/**
 * Bytes of one `copy … to stdout`, to be given to query() of a connection. Like pg-copy-streams' `to`, which it replaces where rows are
 * many: it takes rows out of their messages in place, without an object for each; it can end lines with CR LF, because PostgreSQL
 * sends each row in a message of its own; and the connection's limit on a query's time ends with the query. It ends after PostgreSQL has
 * said that the command is complete: `rowCount` is known then, and where there is none there is an error and no end.
 *
 * One that is destroyed reads on and throws away what comes, so that the connection stays usable; `over` says when it is.
 */
export class CopyOut extends Readable {
  rowCount = 0;
  /** Resolves when the connection is done with the command, however it ended. */
  readonly over: Promise<void>;
  /** Set by pg where a query has a time limit, to be called when it ends. */
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

  // Rows move down over the five bytes before them: what is written never catches up with what is read.
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

  // Gives the connection back to pg, with what has come and is not ours.
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
