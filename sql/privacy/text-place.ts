import { isParticular, replacePeople, spellingsOf, wordPattern } from '../../lib/people.ts';
import type { Client } from '../database/db.ts';
import { particularPattern } from '../events/about.ts';
import { nothingErased, type Person, type PersonalPlace } from './place.ts';

/** Texts that the tenant's people and programs write, by table. An erasure puts the pseudonym in the place of the identifier. */
export const TEXTS: Record<string, string[]> = {
  tenants: ['name', 'attributes'],
  api_keys: ['name'],
  sql_logins: ['name'],
  event_types: ['description', 'processing', 'schema'],
  annotations: ['text'],
  bookmarks: ['name', 'query'],
  dashboard_links: ['params'],
  alert_rules: ['name', 'filter'],
  alert_endpoints: ['target', 'description'],
  alert_deliveries: ['message', 'error'],
  export_jobs: ['filter', 'manifest', 'error'],
  privacy_requests: ['reason'],
  services: ['name', 'started', 'completed', 'journey_id'],
  channel_connectors: ['url', 'mapping', 'detail', 'error'],
  imports: ['source', 'mapping', 'policy', 'findings'],
  import_runs: ['filter', 'mapping', 'policy', 'findings', 'error'],
  import_versions: ['mapping', 'policy'],
  reconciliations: ['first_difference'],
};

/** Texts that stay, each with the ground for the certificate. */
export const KEPT_TEXTS: Record<string, { columns: string[]; why: string }> = {
  members: {
    columns: ['email', 'name'],
    why: 'Accounts of people who sign in for the organisation, which removes them itself (LGPD art. 7, V).',
  },
  benchmark_consents: {
    columns: ['text_version'],
    why: 'Proof of what the organisation agreed to, in which no entry can be changed (LGPD art. 16, I).',
  },
  support_visits: {
    columns: ['operator', 'stated_reason'],
    why: 'The record of operators’ visits, in which no entry can be changed (LGPD art. 16, I).',
  },
  audit_log: {
    columns: ['actor', 'target', 'details'],
    why: 'The log of administrators’ acts, in which no entry can be changed (LGPD art. 16, I).',
  },
};

const tenantColumn = (table: string) => (table === 'tenants' ? 'id' : 'tenant_id');

type Row = { place: string; texts: (string | null)[] };

// The rows of one table that name the person, with the address of each row.
async function search(client: Client, table: string, columns: string[], person: Person): Promise<Row[]> {
  const pattern = particularPattern(person.subject);
  if (pattern === null) return [];
  const where = columns.map((column) => `${column}::text ~* $2`).join(' or ');
  const { rows } = await client.query<Row>(
    `select ctid::text as place, jsonb_build_array(${columns.map((column) => `${column}::text`).join(', ')}) as texts
     from private.${table} where ${tenantColumn(table)} = $1 and (${where})`,
    [person.tenantId, pattern],
  );
  return rows;
}

async function count(client: Client, table: string, tenantId: string): Promise<number> {
  const { rows } = await client.query<{ n: number }>(
    `select count(*) as n from private.${table} where ${tenantColumn(table)} = $1`,
    [tenantId],
  );
  return rows[0]?.n ?? 0;
}

const nameOf = ({ subject }: Person) =>
  new RegExp(
    wordPattern([...new Set(spellingsOf(subject).flatMap((name) => [name, JSON.stringify(name).slice(1, -1)]))]),
    'giu',
  );

/**
 * Texts outside events: names, notes, filters and addresses. The product refuses identifiers in them by form; this place reaches those
 * that were written before, and identifiers of no known form. One that is not particular is found nowhere here, because it would
 * be found in texts about others.
 */
export const texts: PersonalPlace = {
  name: 'texts',
  tables: [...new Set([...Object.keys(TEXTS), ...Object.keys(KEPT_TEXTS)])].filter(
    (table) => !['export_jobs', 'privacy_requests', 'imports'].includes(table),
  ),
  columns: ['table', 'column', 'text'],
  async *find(client, person) {
    const mine = nameOf(person);
    const everywhere = {
      ...TEXTS,
      ...Object.fromEntries(Object.entries(KEPT_TEXTS).map(([table, { columns }]) => [table, columns])),
    };
    for (const [table, columns] of Object.entries(everywhere)) {
      const found = (await search(client, table, columns, person)).flatMap((row) =>
        columns.flatMap((column, at) => {
          const text = row.texts[at] ?? '';
          if (text.search(mine) < 0) return [];
          // Whoever else is named in the same text.
          const alone = replacePeople(text, (one) => (one.search(mine) < 0 ? '…' : one));
          return [{ json: JSON.stringify({ table, column, text: alone }), cells: [table, column, alone] }];
        }),
      );
      if (found.length > 0) yield found;
    }
  },
  async erase(client, person) {
    const erased = nothingErased();
    if (!isParticular(person.subject)) return erased;
    const mine = nameOf(person);
    for (const [table, columns] of Object.entries(TEXTS)) {
      erased.searched.rows += await count(client, table, person.tenantId);
      for (const row of await search(client, table, columns, person)) {
        const clean = row.texts.map((text) => text?.replace(mine, () => person.hash) ?? null);
        await client.query(
          `update private.${table} t set ${columns.map((column, at) => `${column} = ${valueAs(column, `$${at + 2}`)}`).join(', ')}
           ${ENDED[table] ?? ''} where t.ctid = $1::tid`,
          [row.place, ...clean],
        );
        erased.changed++;
      }
    }
    for (const [table, { columns, why }] of Object.entries(KEPT_TEXTS)) {
      erased.searched.rows += await count(client, table, person.tenantId);
      const { length: records } = await search(client, table, columns, person);
      if (records > 0) erased.kept.push({ records, why });
    }
    return { ...erased, found: erased.kept.reduce((sum, { records }) => sum + records, erased.changed) };
  },
};

// Texts of one JSON document each; every other column is text.
const JSON_COLUMNS: Record<string, 'json' | 'jsonb'> = {
  attributes: 'jsonb',
  processing: 'jsonb',
  schema: 'jsonb',
  params: 'jsonb',
  filter: 'jsonb',
  manifest: 'jsonb',
  first_difference: 'jsonb',
  mapping: 'jsonb',
  findings: 'jsonb',
  message: 'json',
};

const valueAs = (column: string, text: string) => `${text}::text${JSON_COLUMNS[column] ? `::${JSON_COLUMNS[column]}` : ''}`;

// Nothing can be sent to an address that has become a pseudonym.
const ENDED: Record<string, string> = {
  alert_endpoints: ', disabled_at = coalesce(t.disabled_at, now())',
  channel_connectors: ', enabled = false',
};
