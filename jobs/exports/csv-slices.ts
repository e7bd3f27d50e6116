import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';

const QUOTE = 0x22;
const LINE_END = 0x0a;

/**
 * DuckDB takes 2,048 rows at a time from one file, and several copies of them: half a gigabyte for the largest events. It never
 * takes rows of two files at once.
 */
const SLICE_BYTES = 8_000_000;

/**
 * Splits CSV into files of about 8 MB of whole rows; each group has its own files. The input is quoted with `"` and its lines end
 * with LF.
 */
export class CsvSlices extends Writable {
  /** Paths of each group's files, in row order. */
  readonly groups: string[][] = [[]];
  readonly #folder: string;
  readonly #rows: number[];
  #file: FileHandle | undefined;
  #written = 0;
  #seen = 0;
  #names = 0;
  #quoted = false;

  /** `rows`: number of rows of each group. The rows after them form one more group. */
  constructor(folder: string, rows: number[] = []) {
    super();
    this.#folder = folder;
    this.#rows = rows;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#take(chunk).then(() => done(), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    // At least one file, so that a reader of zero rows has something to open.
    const last = this.groups.length === 1 && this.groups[0]?.length === 0 ? this.#append(Buffer.alloc(0)) : Promise.resolve();
    last.then(() => this.#close()).then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#close().then(() => done(error), done);
  }

  async #take(chunk: Buffer): Promise<void> {
    let begin = 0;
    for (let i = 0; i < chunk.length; i++) {
      if (chunk[i] === QUOTE) this.#quoted = !this.#quoted;
      if (chunk[i] !== LINE_END || this.#quoted) continue;
      const complete = ++this.#seen === this.#rows[this.groups.length - 1];
      if (!complete && this.#written + i + 1 - begin < SLICE_BYTES) continue;
      await this.#append(chunk.subarray(begin, i + 1));
      await this.#close();
      begin = i + 1;
      if (!complete) continue;
      this.#seen = 0;
      this.groups.push([]);
    }
    if (begin < chunk.length) await this.#append(chunk.subarray(begin));
  }

  async #append(bytes: Buffer): Promise<void> {
    if (!this.#file) {
      const path = join(this.#folder, `slice-${++this.#names}.csv`);
      this.#file = await open(path, 'w', 0o600);
      this.groups.at(-1)?.push(path);
    }
    await this.#file.writeFile(bytes);
    this.#written += bytes.length;
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    this.#written = 0;
    await file?.close();
  }
}
