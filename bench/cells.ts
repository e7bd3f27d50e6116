/** Results of the benchmarks by name, as in results.json. */
export type Tree = { [name: string]: unknown };

export const tree = (value: unknown): Tree => (typeof value === 'object' && value !== null ? (value as Tree) : {});

/** The value at a path of names; undefined if it was not measured. */
export const get = (value: unknown, ...path: string[]): unknown => path.reduce<unknown>((at, name) => tree(at)[name], value);

/** A number with thousands separators and at most 6 decimals. */
export const number = (value: unknown) => Number(value).toLocaleString('en-US', { maximumFractionDigits: 6 });

/** The same text with thousands separators in its long numbers. */
export const thousands = (text: string) => text.replace(/\d{4,}/g, number);

/** One number with its unit; undefined if it was not measured. */
export function figure(value: unknown, unit: string, ...path: string[]): string | undefined {
  const found = get(value, ...path);
  return found === undefined ? undefined : `${number(found)} ${unit}`.trim();
}

/** Several numbers of one place with their unit; undefined if one was not measured. */
export function figures(value: unknown, unit: string, path: string[], names: string[]): string | undefined {
  const found = names.map((name) => get(value, ...path, name));
  return found.includes(undefined) ? undefined : `${found.map(number).join(', ')} ${unit}`.trim();
}

/** Memory of the API, the jobs and PostgreSQL in one run. */
export const memory = (run: unknown) => figures(run, 'MB', ['memory_mb'], ['api_peak', 'jobs_peak', 'postgresql']);

/** One line of a table: by default what was measured, our value, the limit or the peer, and the ratio. */
export type Row = [what: string, ours: string | undefined, ...others: (string | undefined)[]];

/** A table: its subject, the benchmarks that it reads, and its lines. */
export type Area = { title: string; about: string; runs: string[]; columns?: string[]; rows: (results: Tree) => Row[] };
