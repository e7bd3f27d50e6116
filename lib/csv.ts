import { string as quoted } from '@json2csv/formatters';
import { Parser } from '@json2csv/plainjs';

/** Characters with which a spreadsheet takes a cell for a formula and runs it (CWE-1236), but for those that are white space. */
export const FORMULA_STARTS = '-=+@＝＋－＠';

/**
 * Where a formula could begin, as a pattern for JavaScript and PostgreSQL: at the start of the text, and behind what another reader takes
 * for the end of a cell. A file with commas is opened with semicolons where that is the list separator of the system.
 */
export const FORMULA_PLACES = `^(?=[${FORMULA_STARTS}\\t\\r\\n])|(?<=[,;\\t\\r\\n]"*)(?=[${FORMULA_STARTS}])|(?<=[,;]"*)(?=\\t)`;
const FORMULA = new RegExp(FORMULA_PLACES, 'g');

const quote = quoted();
/** The text with an apostrophe wherever some reader of CSV could see a formula begin. */
export const guardFormulas = (text: string) => text.replace(FORMULA, "'");
const guarded = (text: string) => quote(guardFormulas(text));

/**
 * RFC 4180 text with a header line, unless it follows another piece. Texts are quoted and cannot be run as formulas, whatever
 * separator they are read with; numbers stay numbers; null is an empty cell.
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
