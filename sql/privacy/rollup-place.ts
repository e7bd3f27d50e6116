import { replacePeople, spellingsOf, wordPattern } from '../../lib/people.ts';
import type { Client } from '../database/db.ts';
import { particularPattern } from '../events/about.ts';
import { eraseMetricExports } from '../exports/place.ts';
import { nothingErased, type Person, type PersonalPlace } from './place.ts';

/** Dimensions of each roll-up that hold a text of the sender. */
const DIMS = ['type', 'route', 'marketplace', 'rule'];

async function dimensionsOf(client: Client): Promise<{ name: string; relation: string; dims: string[] }[]> {
  const { rows } = await client.query<{ name: string; relation: string; dims: string[] }>(
    `select r.name, storage.rollup_rows(r.name)::text as relation, array_agg(a.attname::text order by a.attname) as dims
     from storage.rollups r join pg_attribute a on a.attrelid = storage.rollup_rows(r.name) and a.attname = any ($1)
     group by r.name, r.width order by r.width, r.name`,
    [DIMS],
  );
  return rows;
}

// A roll-up has no identifier of its own, so only the pseudonym or a particular identifier means the person.
const named = (dims: string[]) =>
  dims.map((dim) => `position($2 in ${dim}) > 0 or $3::text is not null and ${dim} ~* $3`).join(' or ');

const valuesOf = ({ tenantId, subject, hash }: Person) => [tenantId, hash, particularPattern(subject)];

/**
 * Dimensions of the roll-ups. What is received since then has no identifier in them, but older rows may. Erase this place last, after
 * a refresh, so that only rows whose raw events are gone are left; they go, and with them the files of metrics.
 */
export const rollups: PersonalPlace = {
  name: 'roll-ups',
  tables: ['events_*', 'latency_*', 'validations_*', 'rules_*', 'corrections_*'],
  columns: ['roll-up', 'bucket', 'dimensions'],
  async *find(client, person) {
    const mine = new RegExp(wordPattern([...spellingsOf(person.subject), person.hash]), 'iu');
    for (const { name, relation, dims } of await dimensionsOf(client)) {
      const { rows } = await client.query<{ bucket: string; values: string[] }>(
        `select bucket::text, array_agg(distinct concat_ws(' ', ${dims.join(', ')})) as values from ${relation}
         where tenant_id = $1 and (${named(dims)}) group by bucket order by bucket`,
        valuesOf(person),
      );
      const found = rows.map(({ bucket, values }) => {
        const texts = values.map((text) => replacePeople(text, (one) => (mine.test(one) ? one : '…')));
        return {
          json: JSON.stringify({ 'roll-up': name, bucket, dimensions: texts }),
          cells: [name, bucket, texts.join('; ')],
        };
      });
      if (found.length > 0) yield found;
    }
  },
  async erase(client, person) {
    const erased = nothingErased();
    for (const { relation, dims } of await dimensionsOf(client)) {
      const { rows } = await client.query<{ n: number }>(`select count(*) as n from ${relation} where tenant_id = $1`, [
        person.tenantId,
      ]);
      erased.searched.rows += rows[0]?.n ?? 0;
      const gone = await client.query(`delete from ${relation} where tenant_id = $1 and (${named(dims)})`, valuesOf(person));
      erased.removed += gone.rowCount ?? 0;
    }
    if (erased.removed > 0) await eraseMetricExports(client, person);
    return { ...erased, found: erased.removed };
  },
};
