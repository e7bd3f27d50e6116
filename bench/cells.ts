/** Results of the benchmarks: figures under their names, as results.json has them. */
export type Tree = { [name: string]: unknown };

export const tree = (value: unknown): Tree => (typeof value === 'object' && value !== null ? (value as Tree) : {});

/** What is at the end of a path of names; undefined where it was not measured. */
export const get = (value: unknown, ...path: string[]): unknown => path.reduce<unknown>((at, name) => tree(at)[name], value);

/** A number with all its digits, for people. */
export const number = (value: unknown) => Number(value).toLocaleString('en-US', { maximumFractionDigits: 6 });

/** The same text with its long numbers written for people. */
export const thousands = (text: string) => text.replace(/\d{4,}/g, number);

/** One figure with its unit; undefined where it was not measured. */
export function figure(value: unknown, unit: string, ...path: string[]): string | undefined {
  const found = get(value, ...path);
  return found === undefined ? undefined : `${number(found)} ${unit}`.trim();
}

/** Several figures of one place with their unit; undefined where one was not measured. */
export function figures(value: unknown, unit: string, path: string[], names: string[]): string | undefined {
  const found = names.map((name) => get(value, ...path, name));
  return found.includes(undefined) ? undefined : `${found.map(number).join(', ')} ${unit}`.trim();
}

/** Memory of the API, the jobs and PostgreSQL in one run. */
export const memory = (run: unknown) => figures(run, 'MB', ['memory_mb'], ['api_peak', 'jobs_peak', 'postgresql']);
