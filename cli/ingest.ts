import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { readConfig } from '../lib/config.ts';
import { describeReceipt, sendAll } from './batches.ts';
import { createClient } from './client.ts';
import { readJson } from './files.ts';
import { novaLines } from './sample/nova-file.ts';
import type { Credentials } from './up/credentials.ts';

const USAGE = `Sends events to a running Mirante.

  npm run ingest -- --format ndjson [FILE|-]    one CloudEvent per line, from a file or standard input
  npm run ingest -- --format nova-log FILE      the requests of an OpenStack nova-api log, moved in time so that they end now

  --url URL    address of Mirante (default: the one that \`npm run up\` started)
  --key KEY    a key with the scope ingest (default: the demo tenant's)
`;

function target(dataDir: string, url: string | undefined, key: string | undefined): { url: string; key: string } {
  if (url && key) return { url, key };
  const credentials = readJson<Credentials>(join(dataDir, 'credentials.json'));
  const demo = credentials?.tenants.find((tenant) => tenant.slug === 'demo');
  if (!credentials || !demo) {
    throw new Error(`${dataDir}/credentials.json does not exist: start Mirante with \`npm run up\`, or give --url and --key.`);
  }
  return { url: url ?? credentials.url, key: key ?? demo.keys.ingest };
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { format: { type: 'string' }, url: { type: 'string' }, key: { type: 'string' }, help: { type: 'boolean' } },
    allowPositionals: true,
  });
  const file = positionals[0] ?? '-';
  const known = values.format === 'ndjson' || (values.format === 'nova-log' && file !== '-');
  if (values.help || !known || positionals.length > 1) {
    (values.help ? process.stdout : process.stderr).write(USAGE);
    return values.help ? 0 : 2;
  }
  const dataDir = readConfig().MIRANTE_DATA_DIR;
  const { url, key } = target(dataDir, values.url, values.key);
  const lines =
    values.format === 'nova-log'
      ? novaLines(dataDir, file)
      : createInterface({ input: file === '-' ? process.stdin : createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
  const receipt = await sendAll(createClient(url, key), lines);
  process.stdout.write(`${describeReceipt(receipt)}\n`);
  return 0;
}

process.exitCode = await main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  return 1;
});
