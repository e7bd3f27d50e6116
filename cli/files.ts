import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Writes a file that only its owner can read. The write is atomic: no reader sees half of it. */
export function writePrivate(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  const fresh = `${file}.${process.pid}.new`;
  writeFileSync(fresh, text, { mode: 0o600, flush: true });
  renameSync(fresh, file);
}

/** The parsed JSON of a file; undefined if the file is missing. Throws an Error that names the file if it is not JSON. */
export function readJson<T>(file: string): T | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch (error) {
    throw new Error(`${file} is not valid JSON: fix it or remove it.`, { cause: error });
  }
}

/** The platform's secret in `<folder>/secret`, created on first use: 64 random characters. */
export function secretIn(folder: string): string {
  const file = join(folder, 'secret');
  if (!existsSync(file)) writePrivate(file, `${randomBytes(48).toString('base64url')}\n`);
  return readFileSync(file, 'utf8').trim();
}
