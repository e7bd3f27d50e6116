const WINDOW_BEFORE = {
  since: '({{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz))',
  until: '{{from}}',
};
const THIS_WINDOW = { since: '{{from}}', until: '{{to}}' };

/**
 * A trend's query: runs a select with `{{since}}` and `{{until}}` for the previous window of the same length and for this one.
 * The first column is the start of each window.
 */
export function trendOf(select: string, [period, ...columns]: string[]): string {
  const over = ({ since, until }: typeof THIS_WINDOW, name: string) =>
    `select ${[`${since}::timestamptz as ${period}`, ...columns].join(', ')}
from (
${select.replaceAll('{{since}}', since).replaceAll('{{until}}', until)}
) ${name}`;
  return `${over(WINDOW_BEFORE, 'window_before')}\nunion all\n${over(THIS_WINDOW, 'this_window')}\norder by ${period}`;
}
