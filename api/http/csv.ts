import { setImmediate } from 'node:timers/promises';
import type { Request, Response } from 'express';
import { toCsv } from '../../lib/csv.ts';

/** Whether the client prefers CSV to JSON. */
export function wantsCsv(request: Request): boolean {
  return request.accepts(['application/json', 'text/csv']) === 'text/csv';
}

/** Rows formatted in one go: some milliseconds, after which other requests run. */
const SLICE = 500;

/** Sends rows as a CSV file with the given name. */
export async function sendCsv<Row>(
  response: Response,
  fileName: string,
  columns: readonly string[],
  rows: readonly Row[],
  cellsOf: (row: Row) => unknown[],
): Promise<void> {
  const pieces = [Buffer.from(toCsv(columns, rows.slice(0, SLICE).map(cellsOf)))];
  for (let at = SLICE; at < rows.length; at += SLICE) {
    await setImmediate();
    pieces.push(Buffer.from(toCsv(columns, rows.slice(at, at + SLICE).map(cellsOf), false)));
  }
  const csv = Buffer.concat(pieces);
  response.writeHead(200, {
    'content-type': 'text/csv; charset=utf-8; header=present',
    'content-disposition': `attachment; filename="${fileName}"`,
    'content-length': csv.length,
    vary: 'Accept',
  });
  response.end(csv);
}
