import { string as quoted } from '@json2csv/formatters';
import { Parser } from '@json2csv/plainjs';

/** Characters that make a spreadsheet run a cell as a formula (CWE-1236), except for white space. */
export const FORMULA_STARTS = '-=+@＝＋－＠';

/**
 * Where a formula could begin, as a pattern for JavaScript and PostgreSQL: at the start of the text, and after any character that
 * some reader treats as the end of a cell. For example, a file with commas is opened with semicolons if that is the system's list
 * separator.
 */
export const FORMULA_PLACES = `^(?=[${FORMULA_STARTS}\\t\\r\\n])|(?<=[,;\\t\\r\\n]"*)(?=[${FORMULA_STARTS}])|(?<=[,;]"*)(?=\\t)`;
const FORMULA = new RegExp(FORMULA_PLACES, 'g');

const quote = quoted();
/** The text with an apostrophe wherever some CSV reader could see a formula. */
export const guardFormulas = (text: string) => text.replace(FORMULA, "'");
const guarded = (text: string) => quote(guardFormulas(text));

/**
 * Returns RFC 4180 text, with a header line unless `header` is false. Texts are quoted and cannot be run as formulas, whatever
 * separator a reader uses; numbers stay numbers; null is an empty cell.
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
