import { type DestinationStream, type Logger, pino } from 'pino';
import { withoutNamedSecrets, withoutShapedSecrets } from './redact.ts';

export type { Logger };

/** Writes one JSON line per entry to standard output, without secrets: see redact.ts. */
export function createLog(program: string, level: string, to: DestinationStream = standardOutput()): Logger {
  return pino(
    {
      level,
      base: { program },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: withoutNamedSecrets },
      // Errors are already plain objects here.
      serializers: { err: (error) => error },
      hooks: { streamWrite: withoutShapedSecrets },
    },
    to,
  );
}

const standardOutput = () => pino.destination({ dest: 1, sync: false, minLength: 0 });
