/** Maximum content of one page of a list with long rows: enough for a few rows of the maximum length of a request. */
export const PAGE_BYTES = 8 * 1024 * 1024;

/** `more`: more rows may follow. */
export type RowPage<Row> = { rows: Row[]; more: boolean };

/** `found`: how many rows matched before the page was cut at PAGE_BYTES. */
export type Cut = { found: number };

/** The page of rows that a query kept. `limit` is the number of rows that it looked at. */
export function pageOf<Row>(kept: (Row & Cut)[], limit: number): RowPage<Row> {
  const found = kept[0]?.found ?? 0;
  const rows = kept.map(({ found: _, ...row }) => row as unknown as Row);
  return { rows, more: found === limit || rows.length < found };
}
