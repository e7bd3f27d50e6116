import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, writePrivate } from '../files.ts';
import { digestOf, novaEvents, parseNovaLog } from './nova-log.ts';

/** Lines of the log as events. The shift is stored by digest, so that the same file always produces the same events. */
export function novaLines(dataDir: string, file: string, now = Date.now()): Iterable<string> {
  const bytes = readFileSync(file);
  const requests = parseNovaLog(bytes.toString('utf8'));
  const last = Math.max(...requests.map((request) => request.time.getTime()));
  if (!Number.isFinite(last)) throw new Error(`${file} has no request of nova-api.`);
  const shiftsFile = join(dataDir, 'ingest-shifts.json');
  const shifts = readJson<Record<string, number>>(shiftsFile) ?? {};
  const digest = digestOf(bytes);
  let shift = shifts[digest];
  if (shift === undefined) {
    shift = now - last;
    writePrivate(shiftsFile, `${JSON.stringify({ ...shifts, [digest]: shift }, null, 2)}\n`);
  }
  return novaEvents(requests, digest, shift);
}
