import { createHash } from 'node:crypto';
import { toCsv } from '../../lib/csv.ts';
import type { Pool } from '../../sql/database/db.ts';
import { type Held, writeBundlePart } from '../../sql/privacy/claims.ts';
import type { BundleFile } from '../../sql/privacy/privacy-requests.ts';

const PART_BYTES = 1024 * 1024;

/** Writes one file of a bundle in pieces, so that its size does not matter. The file is either a JSON array or CSV. */
export function createBundleFile(pool: Pool, request: Held, name: string) {
  const hash = createHash('sha256');
  let waiting: Buffer[] = [];
  let held = 0;
  let part = 0;
  const file: BundleFile = { name, rows: 0, bytes: 0, sha256: '' };

  async function add(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    waiting.push(bytes);
    held += bytes.length;
    if (held >= PART_BYTES) await flush();
  }

  async function flush(): Promise<void> {
    const content = Buffer.concat(waiting);
    hash.update(content);
    await writeBundlePart(pool, request, name, part++, content);
    file.bytes += content.length;
    waiting = [];
    held = 0;
  }

  async function close(end: string): Promise<BundleFile> {
    await add(end);
    await flush();
    return { ...file, sha256: hash.digest('hex') };
  }

  return {
    async addJson(records: string[]): Promise<void> {
      await add(`${file.rows === 0 ? '[\n' : ',\n'}${records.join(',\n')}`);
      file.rows += records.length;
    },
    async addCsv(columns: string[], lines: unknown[][]): Promise<void> {
      await add(toCsv(columns, lines, file.rows === 0));
      file.rows += lines.length;
    },
    closeJson: () => close(file.rows === 0 ? '[]\n' : '\n]\n'),
    closeCsv: (columns: string[]) => close(file.rows === 0 ? toCsv(columns, []) : ''),
  };
}
