import { string as quoted } from '@json2csv/formatters';
import { Parser } from '@json2csv/plainjs';
import type { Request, Response } from 'express';

// A spreadsheet takes a text that begins so for a formula and runs it (CWE-1236); an apostrophe makes it a text again.
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

const quote = quoted();
const guarded = (text: string) => quote(FORMULA.test(text) ? `'${text}` : text);

/** True where the client would rather have CSV than JSON. */
export function wantsCsv(request: Request): boolean {
  return request.accepts(['application/json', 'text/csv']) === 'text/csv';
}

/** RFC 4180 text with a header line. Texts are quoted and cannot be run as formulas; numbers stay numbers; null is an empty cell. */
export function toCsv(columns: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const parser = new Parser<readonly unknown[], readonly unknown[]>({
    eol: '\r\n',
    fields: columns.map((label, index) => ({ label, value: (row: readonly unknown[]) => row[index] ?? undefined })),
    formatters: { string: guarded },
  });
  return `${parser.parse([...rows])}\r\n`;
}

/** Answers with CSV as a file of that name. */
export function sendCsv(response: Response, fileName: string, csv: string): void {
  response.writeHead(200, {
    'content-type': 'text/csv; charset=utf-8; header=present',
    'content-disposition': `attachment; filename="${fileName}"`,
    'content-length': Buffer.byteLength(csv),
    vary: 'Accept',
  });
  response.end(csv);
}
