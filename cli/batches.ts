import type { ApiClient, Receipt } from './client.ts';

const MAX_EVENTS = 1000;
const MAX_BYTES = 5 * 1024 * 1024;

/** An empty receipt, the start of a sum. */
export const emptyReceipt = (): Receipt => ({
  received: 0,
  accepted: 0,
  duplicates: 0,
  conflicts: 0,
  quarantined: 0,
  rejected: 0,
});

/** Cuts lines into request bodies of at most 1,000 events and 5 MiB. Skips empty lines. */
export async function* inBatches(lines: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
  let batch: string[] = [];
  let bytes = 0;
  let number = 0;
  for await (const line of lines) {
    number++;
    if (line.trim() === '') continue;
    const size = Buffer.byteLength(line) + 1;
    if (size > MAX_BYTES)
      throw new Error(
        `Line ${number} is larger than 5 MiB, the limit of a request. Neither it nor the lines after it were sent.`,
      );
    if (batch.length === MAX_EVENTS || bytes + size > MAX_BYTES) {
      yield batch.join('\n');
      batch = [];
      bytes = 0;
    }
    batch.push(line);
    bytes += size;
  }
  if (batch.length > 0) yield batch.join('\n');
}

/**
 * Sends lines of JSON, one batch after another. It reads the source no faster than the server accepts batches. Calls
 * `progress` with each receipt and returns their sum.
 */
export async function sendAll(
  client: ApiClient,
  lines: AsyncIterable<string> | Iterable<string>,
  progress: (receipt: Receipt) => void = () => undefined,
): Promise<Receipt> {
  const sum = emptyReceipt();
  for await (const batch of inBatches(lines)) {
    const receipt = await client.sendLines(batch);
    for (const name of Object.keys(sum) as (keyof Receipt)[]) sum[name] += receipt[name];
    progress(receipt);
  }
  return sum;
}

/** The receipt as one sentence, without zero counts. */
export function describeReceipt(receipt: Receipt): string {
  const { received, ...rest } = receipt;
  const parts = Object.entries(rest)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`);
  return `${received} received: ${parts.join(', ') || 'nothing'}.`;
}
