import { setImmediate } from 'node:timers/promises';

/** Rows formatted in one go: about a millisecond. */
const SLICE = 500;

/** Maps rows in slices; other requests run between slices. */
export async function mapInSlices<T, R>(rows: readonly T[], map: (row: T) => R): Promise<R[]> {
  const mapped: R[] = [];
  for (let at = 0; at < rows.length; at += SLICE) {
    if (at > 0) await setImmediate();
    for (const row of rows.slice(at, at + SLICE)) mapped.push(map(row));
  }
  return mapped;
}

/** Returns the JSON text of a body and formats long lists in slices. Safe within HTML, like Express with `json escape`. */
export async function jsonOf(body: unknown): Promise<Buffer> {
  const members = typeof body === 'object' && body !== null && !Array.isArray(body) ? Object.entries(body) : [];
  if (!members.some(([, value]) => Array.isArray(value) && value.length > SLICE)) return Buffer.from(textOf(body));
  const pieces: Buffer[] = [];
  for (const [name, value] of members) {
    if (value === undefined) continue;
    const head = `${pieces.length === 0 ? '{' : ','}${textOf(name)}:`;
    if (!Array.isArray(value) || value.length <= SLICE) {
      pieces.push(Buffer.from(head + textOf(value)));
      continue;
    }
    pieces.push(Buffer.from(`${head}[`));
    for (let at = 0; at < value.length; at += SLICE) {
      if (at > 0) await setImmediate();
      pieces.push(Buffer.from((at > 0 ? ',' : '') + textOf(value.slice(at, at + SLICE)).slice(1, -1)));
    }
    pieces.push(Buffer.from(']'));
  }
  pieces.push(Buffer.from('}'));
  return Buffer.concat(pieces);
}

const ESCAPES: Record<string, string> = { '<': '\\u003c', '>': '\\u003e', '&': '\\u0026' };
const textOf = (value: unknown) => JSON.stringify(value).replace(/[<>&]/g, (sign) => ESCAPES[sign] as string);
