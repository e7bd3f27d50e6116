/** Object ids of the element types, from pg_type. */
const OID = { bytea: 17, int4: 23, text: 25, float8: 701, timestamptz: 1184, uuid: 2950, jsonb: 3802 } as const;

const POSTGRES_EPOCH_US = 946_684_800_000_000;
const HEADER_BYTES = 20;

/**
 * Writes one-dimensional arrays in PostgreSQL's binary format (array_recv in src/backend/utils/adt/arrayfuncs.c). The text of a
 * thousand events is copied and never escaped. finish() returns a Buffer to pass as a query parameter.
 */
class ArrayWriter {
  #buffer: Buffer;
  #at = HEADER_BYTES;
  #hasNull = 0;

  constructor(oid: number, length: number, bytesEach: number) {
    this.#buffer = Buffer.allocUnsafe(HEADER_BYTES + length * (bytesEach + 4));
    this.#buffer.writeInt32BE(1, 0);
    this.#buffer.writeInt32BE(oid, 8);
    this.#buffer.writeInt32BE(length, 12);
    this.#buffer.writeInt32BE(1, 16);
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#at + bytes));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }

  null(): void {
    this.#room(4);
    this.#hasNull = 1;
    this.#at = this.#buffer.writeInt32BE(-1, this.#at);
  }

  // A UTF-16 unit takes at most three bytes of UTF-8. `version` is the byte that jsonb expects before its text.
  text(value: string, version?: number): void {
    this.#room(5 + value.length * 3);
    const start = this.#at + 4;
    let end = start;
    if (version !== undefined) end = this.#buffer.writeUInt8(version, end);
    end += this.#buffer.write(value, end, 'utf8');
    this.#buffer.writeInt32BE(end - start, this.#at);
    this.#at = end;
  }

  bytes(value: Uint8Array): void {
    this.#room(4 + value.length);
    this.#at = this.#buffer.writeInt32BE(value.length, this.#at);
    this.#buffer.set(value, this.#at);
    this.#at += value.length;
  }

  int4(value: number): void {
    this.#room(8);
    this.#at = this.#buffer.writeInt32BE(4, this.#at);
    this.#at = this.#buffer.writeInt32BE(value, this.#at);
  }

  float8(value: number): void {
    this.#room(12);
    this.#at = this.#buffer.writeInt32BE(8, this.#at);
    this.#at = this.#buffer.writeDoubleBE(value, this.#at);
  }

  timestamp(microseconds: number): void {
    this.#room(12);
    const value = microseconds - POSTGRES_EPOCH_US;
    const high = Math.floor(value / 0x1_0000_0000);
    this.#at = this.#buffer.writeInt32BE(8, this.#at);
    this.#at = this.#buffer.writeInt32BE(high, this.#at);
    this.#at = this.#buffer.writeUInt32BE(value - high * 0x1_0000_0000, this.#at);
  }

  uuid(value: string): void {
    this.#room(20);
    const buffer = this.#buffer;
    let at = buffer.writeInt32BE(16, this.#at);
    for (let i = 0; i < 36; i += 2) {
      if (value.charCodeAt(i) === 45) i++;
      buffer[at++] = (HEX[value.charCodeAt(i)] as number) * 16 + (HEX[value.charCodeAt(i + 1)] as number);
    }
    this.#at = at;
  }

  finish(): Buffer {
    this.#buffer.writeInt32BE(this.#hasNull, 4);
    return this.#buffer.subarray(0, this.#at);
  }
}

const HEX = new Uint8Array(128);
for (let i = 0; i < 16; i++) {
  HEX[i.toString(16).charCodeAt(0)] = i;
  HEX[i.toString(16).toUpperCase().charCodeAt(0)] = i;
}

function write<Row, Value>(
  rows: Row[],
  oid: number,
  bytesEach: number,
  pick: (row: Row) => Value | null,
  put: (writer: ArrayWriter, value: Value) => void,
): Buffer {
  const writer = new ArrayWriter(oid, rows.length, bytesEach);
  for (const row of rows) {
    const value = pick(row);
    if (value === null) writer.null();
    else put(writer, value);
  }
  return writer.finish();
}

/** Columns of rows as array parameters. `pick` returns a row's value, or null for SQL null. */
export const arrayOf = {
  text: <Row>(rows: Row[], pick: (row: Row) => string | null) => write(rows, OID.text, 40, pick, (w, v: string) => w.text(v)),
  jsonb: <Row>(rows: Row[], pick: (row: Row) => string | null) =>
    write(rows, OID.jsonb, 200, pick, (w, v: string) => w.text(v, 1)),
  bytea: <Row>(rows: Row[], pick: (row: Row) => Uint8Array | null) =>
    write(rows, OID.bytea, 200, pick, (w, v: Uint8Array) => w.bytes(v)),
  int4: <Row>(rows: Row[], pick: (row: Row) => number | null) => write(rows, OID.int4, 4, pick, (w, v: number) => w.int4(v)),
  float8: <Row>(rows: Row[], pick: (row: Row) => number | null) =>
    write(rows, OID.float8, 8, pick, (w, v: number) => w.float8(v)),
  /** Microseconds since 1970. */
  timestamptz: <Row>(rows: Row[], pick: (row: Row) => number | null) =>
    write(rows, OID.timestamptz, 8, pick, (w, v: number) => w.timestamp(v)),
  /** Canonical text of each UUID. */
  uuid: <Row>(rows: Row[], pick: (row: Row) => string | null) => write(rows, OID.uuid, 16, pick, (w, v: string) => w.uuid(v)),
};
