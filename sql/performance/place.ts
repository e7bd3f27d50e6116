import { nothingErased, type PersonalPlace, type SubjectRecord, sizeOf } from '../privacy/place.ts';
import { lockJourneys, restating } from './journeys.ts';

/** Journeys whose events had the person as their subject. */
export const journeysPlace: PersonalPlace = {
  name: 'journeys',
  tables: ['journeys'],
  columns: ['service', 'started_at', 'completed_at'],
  async *find(client, { tenantId, subject, hash }) {
    const { rows } = await client.query<SubjectRecord>(
      `select jsonb_build_object('service', service, 'started_at', started_at, 'completed_at', completed_at)::text as json,
           jsonb_build_array(service, started_at, completed_at) as cells
       from private.journeys where tenant_id = $1 and subjects && array[$2, $3] order by service, id`,
      [tenantId, subject, hash],
    );
    if (rows.length > 0) yield rows;
  },
  async erase(client, { tenantId, subject, hash }) {
    const searched = await sizeOf(client, tenantId, 'journeys');
    await lockJourneys(client);
    const { rows } = await client.query<{ removed: number }>(
      `with gone as (
         delete from private.journeys where tenant_id = $1 and subjects && array[$2, $3] returning service, started_at, completed_at
       ), noted as (with ${restating('gone')}) select count(*)::integer as removed from gone`,
      [tenantId, subject, hash],
    );
    const removed = rows[0]?.removed ?? 0;
    return { ...nothingErased(), searched, found: removed, removed };
  },
};

/** Shorter texts than this occur in comments of anybody. */
const MIN_CHARACTERS = 4;

// Nobody knows who wrote a comment. What can be found is a comment that names the person, as whole words.
const NAMES_PERSON = `f.tenant_id = $1 and f.comment ~* $2`;
const patternOf = (subject: string) =>
  subject.length < MIN_CHARACTERS ? '(?!)' : `(^|\\W)${subject.replace(/[^\p{L}\p{N}\s]/gu, '\\$&')}(\\W|$)`;

/** Comments that name the person. An erasure removes the comment and keeps the rating, which says nothing of anybody. */
export const feedbackPlace: PersonalPlace = {
  name: 'feedback',
  tables: ['feedback'],
  columns: ['service', 'received_at', 'rating', 'comment'],
  async *find(client, { tenantId, subject }) {
    const { rows } = await client.query<SubjectRecord>(
      `select jsonb_build_object('service', f.service, 'received_at', f.received_at, 'rating', f.rating, 'comment', f.comment)::text as json,
           jsonb_build_array(f.service, f.received_at, f.rating, f.comment) as cells
       from private.feedback f where ${NAMES_PERSON} order by f.id`,
      [tenantId, patternOf(subject)],
    );
    if (rows.length > 0) yield rows;
  },
  async erase(client, { tenantId, subject }) {
    const searched = await sizeOf(client, tenantId, 'feedback', 'octet_length(comment)');
    const { rowCount } = await client.query(
      `update private.feedback f set comment = null, redacted_at = now() where ${NAMES_PERSON}`,
      [tenantId, patternOf(subject)],
    );
    const changed = rowCount ?? 0;
    return { ...nothingErased(), searched, found: changed, changed };
  },
};
