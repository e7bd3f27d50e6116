/** What tells whether a person has withdrawn consent; see Privacy. */
type Consent = {
  handling: (type: string) => { needsConsent: boolean };
  pseudonym: (value: string) => string;
  isWithdrawn: (subject: string, pseudonym: string) => boolean;
};

/** A string of JSON; the colon behind it makes it a name. */
const STRING = /"(?:[^"\\]|\\.)*"(\s*:)?/g;
const SUBJECT = /"subject"\s*:\s*("(?:[^"\\]|\\.)*")/g;
const TYPE = /"type"\s*:\s*("(?:[^"\\]|\\.)*")/;

/** Replaces every string of a JSON text that is one of `values`, however it is escaped, by null; as a name, by the empty string. */
export function withoutValues(text: string, values: string[]): string {
  if (!text.includes('\\') && !values.some((value) => text.includes(value))) return text;
  return text.replace(STRING, (source, colon: string | undefined) => {
    const value = valueIn(colon === undefined ? source : source.slice(0, -colon.length));
    if (value === undefined || !values.includes(value)) return source;
    return colon === undefined ? 'null' : `""${colon}`;
  });
}

/**
 * Rejected input without the subjects who have withdrawn consent, wherever they occur in it. The text may be broken JSON; other
 * text is unchanged. `encoding`: how the text was made from bytes.
 */
export function withoutWithdrawn(text: string, privacy: Consent, encoding: 'utf8' | 'latin1' = 'utf8'): string {
  const decoded = (value: string) => (encoding === 'utf8' ? value : Buffer.from(value, 'latin1').toString('utf8'));
  const type = valueIn(TYPE.exec(text)?.[1] ?? '');
  if (type !== undefined && !privacy.handling(type).needsConsent) return text;
  const withdrawn: string[] = [];
  for (const [, source = ''] of text.matchAll(SUBJECT)) {
    const value = valueIn(source);
    if (value === undefined) continue;
    const hash = privacy.pseudonym(decoded(value));
    if (privacy.isWithdrawn(decoded(value), hash)) withdrawn.push(value, hash);
  }
  return withdrawn.length === 0 ? text : withoutValues(text, withdrawn);
}

function valueIn(source: string): string | undefined {
  try {
    return JSON.parse(source) as string;
  } catch {
    return undefined;
  }
}
