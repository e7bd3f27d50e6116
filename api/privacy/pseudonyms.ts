import { createHmac, type KeyObject } from 'node:crypto';
import { type Fields, replaceFields } from '../../lib/json-fields.ts';
import { hideValue } from '../../lib/pseudonyms.ts';
import type { EventRow } from '../../sql/events/events.ts';
import { withoutValues } from './withdrawn.ts';

/** The hash by which a withdrawal is known, under a key of its own, which outlives the key of pseudonyms. */
export function withdrawalHash(key: KeyObject, value: string): string {
  return `wdr_${createHmac('sha256', key).update(value).digest('base64url').slice(0, 24)}`;
}

/** How personal data in the events of one type is handled. */
export type Handling = {
  plainSubject: boolean;
  /** The personal fields of `data`, if the type names any. */
  fields: Fields | undefined;
  /** Without consent such an event must not be linked to a person. */
  needsConsent: boolean;
  /** For how many milliseconds the record of processing says that its events are needed; Infinity if it does not. */
  keptMs: number;
};

/** For a type that is not registered. */
export const UNREGISTERED: Handling = {
  plainSubject: false,
  fields: undefined,
  needsConsent: true,
  keptMs: Number.POSITIVE_INFINITY,
};

export type Privacy = {
  handling: (type: string) => Handling;
  pseudonym: (value: string) => string;
  isWithdrawn: (subject: string, pseudonym: string) => boolean;
  /** See EventRow. */
  version?: number;
};

/** A row that can be stored. `named`: its form if its subject had not withdrawn consent. */
export type Concealed = { row: EventRow; named?: EventRow };

/**
 * Replaces the subject and the personal fields of a row with pseudonyms, or with null if the subject has withdrawn consent.
 * Returns undefined if the row has too many personal values.
 */
export function conceal(row: EventRow, privacy: Privacy): Concealed | undefined {
  const { plainSubject, fields, needsConsent } = privacy.handling(row.type);
  if (row.subject === null && !fields) return { row };
  const subject = row.subject === null ? null : privacy.pseudonym(row.subject);
  const named = { ...row, subject: plainSubject ? row.subject : subject };
  const anonymous =
    subject !== null && needsConsent && privacy.isWithdrawn(row.subject as string, subject)
      ? { ...row, subject: null }
      : undefined;
  if (fields && row.data !== null) {
    const hidden = replaceFields(row.data, fields, (source) => hideValue(source, privacy.pseudonym));
    if (hidden === undefined) return undefined;
    named.data = hidden;
    if (anonymous) anonymous.data = replaceFields(row.data, fields, () => 'null') ?? null;
  }
  if (anonymous && row.subject !== null && subject !== null) {
    // What links the event to the person in fields that the type does not mark, and in attributes.
    const values = [row.subject, subject];
    anonymous.data &&= withoutValues(anonymous.data, values);
    anonymous.attributes &&= withoutValues(anonymous.attributes, values);
  }
  return anonymous ? { row: anonymous, named } : { row: named };
}
