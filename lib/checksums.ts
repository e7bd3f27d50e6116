import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { Transform } from 'node:stream';
import { inLanes } from './lanes.ts';

const LANES = 4;

/** A file of a folder. `path` is relative to the folder, with `/`. */
export type FileSum = { path: string; bytes: number; sha256: string };

/** Checksums of a folder's files, ordered by path; the paths in `leave` are left out. */
export async function sumFiles(folder: string, leave: string[] = []): Promise<FileSum[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'));
  const left = new Set(leave);
  const sums: FileSum[] = [];
  await inLanes(
    paths.filter((path) => !left.has(path)),
    LANES,
    async (path) => sums.push(await sumFile(folder, path)),
  );
  return sums.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Throws an error that names the first file that is missing or has changed. */
export async function checkFiles(folder: string, files: FileSum[]): Promise<void> {
  await inLanes(files, LANES, async (file) => {
    const found = await stat(join(folder, file.path)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    if (!found) throw new Error(`${file.path} is missing in ${folder}.`);
    const { bytes, sha256 } = await sumFile(folder, file.path);
    if (bytes !== file.bytes || sha256 !== file.sha256)
      throw new Error(`${file.path} in ${folder} has been changed since it was written.`);
  });
}

async function sumFile(folder: string, path: string): Promise<FileSum> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(join(folder, path), { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { path, bytes, sha256: hash.digest('hex') };
}

/** A stream that passes bytes through. Call `read` once, at the end: it returns their number and SHA-256. */
export function createMeter() {
  const hash = createHash('sha256');
  let bytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  return { stream, read: () => ({ bytes, sha256: hash.digest('hex') }) };
}
