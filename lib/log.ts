import { type Logger, pino } from 'pino';

export type { Logger };

const SECRET_NAMES = ['authorization', 'password', 'secret', 'key', 'connectionString'];

/** One JSON line per entry on standard output; anything under a secret's name is written as [Redacted]. */
export function createLog(program: string, level: string): Logger {
  return pino(
    {
      level,
      base: { program },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: SECRET_NAMES,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ dest: 1, sync: false, minLength: 0 }),
  );
}
