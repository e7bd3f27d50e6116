/** Content of one page of a list whose rows may be long: enough for a few rows of the greatest length that a request can have. */
export const PAGE_BYTES = 8 * 1024 * 1024;

/** `more`: there may be rows after these. */
export type RowPage<Row> = { rows: Row[]; more: boolean };

/** How many rows matched before a page was cut at PAGE_BYTES. */
export type Cut = { found: number };

/** The rows that a query kept of the `limit` that it looked at. */
export function pageOf<Row>(kept: (Row & Cut)[], limit: number): RowPage<Row> {
  const found = kept[0]?.found ?? 0;
  const rows = kept.map(({ found: _, ...row }) => row as unknown as Row);
  return { rows, more: found === limit || rows.length < found };
}
