import { benchIngest } from './ingest.ts';
import { raise } from './stage.ts';

const stage = await raise(50);
try {
  process.stdout.write(`${JSON.stringify(await benchIngest(stage), null, 1)}\n`);
} finally {
  await stage.stop();
}
