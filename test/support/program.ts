import { type Child, startChild } from '../../cli/up/children.ts';
import { environmentWith } from '../../lib/config.ts';
import { freePort } from '../../lib/embedded-postgres.ts';
import { cleanUp } from './clean-up.ts';
import { redisUrl, testSecret } from './harness.ts';

/** Starts the API as a separate process with only these settings, and collects its output. It stops when the test ends. */
export async function startProgram(
  settings: Record<string, string>,
): Promise<{ url: string; child: Child; output: () => string }> {
  const port = await freePort();
  const lines: string[] = [];
  const env = environmentWith({
    PORT: String(port),
    METRICS_PORT: '0',
    LOG_LEVEL: 'trace',
    REDIS_URL: redisUrl(),
    DATABASE_URL: undefined,
    MIRANTE_SECRET: testSecret,
    ...settings,
  });
  const child = startChild('api', 'api/server.ts', env, (line) => lines.push(line));
  cleanUp(child.kill);
  return { url: `http://127.0.0.1:${port}`, child, output: () => lines.join('\n') };
}
