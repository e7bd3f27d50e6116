import { isParticular, spellingsOf, wordPatternSql } from '../../lib/people.ts';
import type { Person } from '../privacy/place.ts';

/** Members of `data` that roll-ups count by, as texts; `rules` also has them as names of members. */
export const DIMENSIONS = ['marketplace', 'route', 'rule', 'rules'] as const;

const TEXTS = ['e.type', 'e.source', 'e.event_id', 'e.attributes::text', ...DIMENSIONS.map((name) => `e.data ->> '${name}'`)];

/**
 * Condition for events about a person, by position: $1 is the tenant, $2 the identifier, $3 its pseudonym, $4 a pattern of the
 * identifier where that is particular, else null (see namedBy()). A pseudonym is 144 bits of a hash, so its text means the person
 * in whatever field it occurs; the plain identifier means the person as the subject, and, if it is particular, in the envelope and
 * in dimensions.
 */
export const ABOUT = `e.tenant_id = $1 and (e.subject in ($2, $3) or position($3 in e.data::text) > 0
  or position($3 in concat_ws(' ', e.attributes::text, e.source, e.event_id)) > 0
  or $4::text is not null and (${TEXTS.map((text) => `${text} ~* $4`).join(' or ')}))`;

/** The values of ABOUT. */
export function namedBy({ tenantId, subject, hash }: Person): [string, string, string, string | null] {
  return [tenantId, subject, hash, particularPattern(subject)];
}

/** The pattern of an identifier for PostgreSQL and DuckDB; null if it is not particular. */
export const particularPattern = (subject: string): string | null =>
  isParticular(subject) ? wordPatternSql(spellingsOf(subject)) : null;
