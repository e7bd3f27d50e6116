import type { Mismatch } from '../event-types/event-types.ts';

/** Something in an accepted event that its sender probably did not intend. */
export type Warning = { code: string; pointer: string; detail: string };

/** Warnings on an event's `data`. `replaced`: pointers to what became a pseudonym because it identified a person. */
export function warningsOn(data: unknown, mismatch: Mismatch | undefined, replaced: string[]): Warning[] {
  const warnings: Warning[] = [];
  const warn = (code: string, pointer: string, detail: string) => warnings.push({ code, pointer, detail });
  const { duration_ms: duration, outcome } = (data ?? {}) as { duration_ms?: unknown; outcome?: unknown };
  if (!isAbsent(duration) && typeof duration !== 'number') {
    warn('duration-not-a-number', '/data/duration_ms', 'Latency metrics ignore it: it is not a number. Send milliseconds.');
  } else if (typeof duration === 'number' && duration < 0) {
    warn('duration-negative', '/data/duration_ms', 'Latency metrics ignore it: it is negative. Send 0 or more.');
  }
  if (!isAbsent(outcome) && outcome !== 'success' && outcome !== 'failure') {
    warn('unknown-outcome', '/data/outcome', 'Error rates ignore it. Send `success` or `failure`.');
  }
  for (const pointer of replaced)
    warn(
      'personal-identifier',
      pointer,
      'It held an identifier of a person, stored as a pseudonym. Send one in `subject` only.',
    );
  if (mismatch)
    warn('schema-mismatch', mismatch.pointer, `The event does not match the schema of its type: ${mismatch.detail}`);
  return warnings;
}

const isAbsent = (value: unknown) => value === undefined || value === null;
