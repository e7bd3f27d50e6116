import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import zlib from 'node:zlib';
import { createMeter } from '../../lib/checksums.ts';
import { csvToParquet } from '../../lib/parquet.ts';
import type { ArchiveHome } from '../../sql/archive/home.ts';
import { type Client, type Pool, withTenant } from '../../sql/database/db.ts';
import type { ClaimedExport } from '../../sql/exports/claims.ts';
import { columnsOf } from '../../sql/exports/columns.ts';
import { copyRows, csvHeader } from '../../sql/exports/rows.ts';
import type { Selection, Shape } from '../../sql/exports/selection.ts';
import { CsvSlices } from './csv-slices.ts';

export type WrittenPart = { path: string; rows: number; bytes: number; sha256: string };

/** What to write, and a callback that gets the bytes read so far, for progress. */
export type PartJob = {
  job: ClaimedExport;
  selection: Selection;
  folder: string;
  signal: AbortSignal;
  onBytes: (bytes: number) => void;
};

/** Writes the rows of one part, as the tenant may see them, into one file of `folder`. */
export async function writePart(readers: Pool, archive: ArchiveHome, part: PartJob): Promise<WrittenPart> {
  const { job, folder } = part;
  const path = join(folder, `part.${job.format}`);
  if (job.format === 'parquet') return writeParquet(readers, archive, part, path);
  const shape: Shape = job.format === 'csv' ? { format: 'csv', ...csvOf(job) } : { format: 'ndjson' };
  const meter = createMeter();
  const rows = await copyInto(readers, archive, part, shape, [
    ...(job.format === 'csv' ? [prefixed(headOf(job))] : []),
    ...encoderOf(job),
    meter.stream,
    createWriteStream(path),
  ]);
  return { path, rows, ...meter.read() };
}

async function writeParquet(readers: Pool, archive: ArchiveHome, part: PartJob, path: string): Promise<WrittenPart> {
  const slices = new CsvSlices(part.folder);
  // Line ends that CsvSlices expects.
  const shape: Shape = { format: 'csv', delimiter: ',', guard: false, lineEnd: '\n' };
  const rows = await copyInto(readers, archive, part, shape, [slices]);
  const columns = Object.fromEntries(columnsOf(part.job.dataset).map(({ name, duckdb }) => [name, duckdb]));
  const written = await csvToParquet(slices.groups.flat(), path, columns, part.folder);
  if (written !== rows) throw new Error(`${rows} rows were read but ${written} were written as Parquet.`);
  part.signal.throwIfAborted();
  const meter = createMeter();
  await pipeline(createReadStream(path), meter.stream.resume());
  return { path, rows, ...meter.read() };
}

/** Node has zstd from 22.15 on. The request for it was accepted only where Node has it. */
const { createZstdCompress } = zlib as { createZstdCompress?: () => Transform };

// The fastest level: a higher one makes files a tenth smaller and takes three times as long.
function encoderOf({ options }: ClaimedExport): Transform[] {
  if (options.compression === 'gzip') return [zlib.createGzip({ level: 1 })];
  if (options.compression !== 'zstd') return [];
  if (!createZstdCompress) throw new Error('This version of Node has no zstd. Use Node 22.15 or later.');
  return [createZstdCompress()];
}

const csvOf = ({ options: { delimiter = ',', guard = true, decimal = '.' } }: ClaimedExport) => ({ delimiter, guard, decimal });

const headOf = ({ dataset, options: { bom, delimiter = ',' } }: ClaimedExport) =>
  `${bom ? '\ufeff' : ''}${csvHeader(dataset, delimiter)}`;

// A connection whose copy is interrupted cannot be reused, so it is closed.
async function copyInto(readers: Pool, archive: ArchiveHome, part: PartJob, shape: Shape, sinks: Writable[]): Promise<number> {
  const { job, selection, signal, onBytes } = part;
  let failure: unknown;
  try {
    const rows = await withTenant(readers, job.tenant_id, async (client) => {
      const copy = copyRows(client, selection, shape, archive);
      copy.on('data', (chunk: Buffer) => onBytes(chunk.length));
      await pipeline([copy, ...sinks] as never, { signal }).catch((error) => {
        failure = error;
        endConnection(client);
        throw error;
      });
      return copy.rowCount;
    });
    return rows;
  } catch (error) {
    throw failure ?? error;
  }
}

// Nobody waits for it: a connection that is already gone never resolves end().
const endConnection = (client: Client) => void (client as Client & { end: () => Promise<void> }).end().catch(() => undefined);

function prefixed(head: string): Transform {
  const stream = new Transform({ transform: (chunk, _encoding, done) => done(null, chunk) });
  stream.push(head);
  return stream;
}
