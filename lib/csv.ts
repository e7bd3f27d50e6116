import { string as quoted } from '@json2csv/formatters';
import { Parser } from '@json2csv/plainjs';

// A spreadsheet takes a text that begins so for a formula and runs it (CWE-1236); an apostrophe makes it a text again.
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

const quote = quoted();
const guarded = (text: string) => quote(FORMULA.test(text) ? `'${text}` : text);

/**
 * RFC 4180 text with a header line, unless it follows another piece. Texts are quoted and cannot be run as formulas; numbers
 * stay numbers; null is an empty cell.
 */
export function toCsv(columns: readonly string[], rows: readonly (readonly unknown[])[], header = true): string {
  const parser = new Parser<readonly unknown[], readonly unknown[]>({
    eol: '\r\n',
    header,
    fields: columns.map((label, index) => ({ label, value: (row: readonly unknown[]) => row[index] ?? undefined })),
    formatters: { string: guarded },
  });
  const text = parser.parse([...rows]);
  return text === '' ? '' : `${text}\r\n`;
}
