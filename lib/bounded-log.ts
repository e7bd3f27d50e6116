import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';

const MAX_BYTES = 8 * 2 ** 20;
/** `<file>.1` is the newest. */
const MAX_OLD_FILES = 3;
const EVERY_MS = 10_000;

/**
 * Moves the end of a log larger than `maxBytes` to `<file>.1`, and empties the log. Programs that have it open for appending
 * continue at its new end.
 */
export function trimLog(file: string, maxBytes = MAX_BYTES): void {
  const size = sizeOf(file);
  if (size <= maxBytes) return;
  for (let n = MAX_OLD_FILES - 1; n >= 1; n -= 1)
    if (existsSync(`${file}.${n}`)) renameSync(`${file}.${n}`, `${file}.${n + 1}`);
  const end = Buffer.alloc(maxBytes);
  const from = openSync(file, 'r');
  try {
    writeFileSync(`${file}.1`, end.subarray(0, readSync(from, end, 0, maxBytes, size - maxBytes)), { mode: 0o600 });
  } finally {
    closeSync(from);
  }
  truncateSync(file);
}

/** Calls trimLog() now and every EVERY_MS. Returns a function that stops it. */
export function keepBounded(file: string): () => void {
  trimLog(file);
  const timer = setInterval(() => trimLog(file), EVERY_MS).unref();
  return () => clearInterval(timer);
}

/** Size of a file in bytes; 0 if it does not exist. */
export const sizeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/** Text of a file from byte `byte` on. */
export const readFrom = (file: string, byte: number) => readFileSync(file).subarray(byte).toString();
