import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Json } from './api.ts';

export const SLUG = 'overview';

const WINDOW = '{{grant}}, {{from}}::timestamptz, {{to}}::timestamptz';

const words = (en: string) => ({ en, 'pt-BR': en });
const column = (name: string, format: string) => ({ name, title: words(name), format });

type Few = { card: Json; sql: string };

const CARDS: Record<string, Few> = {
  volume: {
    card: {
      title: words('Validations'),
      description: words('How many there were'),
      display: 'bar',
      layout: { column: 0, row: 0, width: 12, height: 6 },
      columns: [column('bucket', 'time'), column('validations', 'count'), column('rows', 'count')],
      chart: { x: 'bucket', y: ['validations'] },
    },
    sql: `select bucket, sum(validations)::bigint as validations, sum(rows)::bigint as rows
from bi.validations(${WINDOW}, {{interval}})
group by bucket
order by bucket`,
  },
  marketplaces: {
    card: {
      title: words('Marketplaces'),
      display: 'row',
      layout: { column: 12, row: 0, width: 12, height: 6 },
      columns: [column('marketplace', 'text'), column('validations', 'count')],
      chart: { x: 'marketplace', y: ['validations'] },
    },
    sql: `select marketplace, sum(validations)::bigint as validations
from bi.validations(${WINDOW}, 'total')
group by marketplace
order by marketplace`,
  },
  rules: {
    card: {
      title: words('Rules'),
      display: 'table',
      layout: { column: 0, row: 6, width: 24, height: 6 },
      columns: [column('rule', 'text'), column('hits', 'count')],
    },
    sql: `select rule, sum(hits)::bigint as hits
from bi.rules(${WINDOW}, 'total')
where true [[and marketplace in ({{marketplace}})]]
group by rule
order by rule`,
  },
};

/** A folder with one small dashboard for customers. Without the card `rules` it has no choice. */
export function fewDashboards(below: string, names = Object.keys(CARDS)): URL {
  const folder = mkdtempSync(join(below, 'dashboards-'));
  mkdirSync(join(folder, SLUG));
  const write = (file: string, text: string) => writeFileSync(join(folder, SLUG, file), text);
  const choice = { name: 'marketplace', title: words('Marketplace'), values: { card: 'marketplaces', column: 'marketplace' } };
  const definition = {
    $schema: '../schema.json',
    audience: 'customer',
    title: words('Overview'),
    description: words('What there is'),
    parameters: [
      ...['from', 'to', 'interval'].map((name) => ({ name, title: words(name) })),
      ...(names.includes('rules') ? [choice] : []),
    ],
    cards: names.map((name) => ({ name, empty: words('Nothing yet'), ...CARDS[name]?.card })),
  };
  writeFileSync(join(folder, 'words.json'), '{"$schema":"./words.schema.json"}');
  write('dashboard.json', JSON.stringify(definition));
  for (const name of names) write(`${name}.sql`, `${CARDS[name]?.sql}\n`);
  return pathToFileURL(`${folder}/`);
}
