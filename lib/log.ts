import { type DestinationStream, type Logger, pino } from 'pino';
import { withoutNamedSecrets, withoutShapedSecrets } from './redact.ts';

export type { Logger };

/** One JSON line per entry on standard output, without secrets: redact.ts says what passes for one. */
export function createLog(program: string, level: string, to: DestinationStream = standardOutput()): Logger {
  return pino(
    {
      level,
      base: { program },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: withoutNamedSecrets },
      // Errors have become plain objects before this.
      serializers: { err: (error) => error },
      hooks: { streamWrite: withoutShapedSecrets },
    },
    to,
  );
}

const standardOutput = () => pino.destination({ dest: 1, sync: false, minLength: 0 });
