import { type CardVariables, variablesOf } from '../../api/dashboards/card-query.ts';
import { knownTo } from '../../api/dashboards/dashboards.ts';
import type { Card, Dashboard } from '../../api/dashboards/definition.ts';
import type { Config } from '../../lib/config.ts';
import { loginUrl } from '../../sql/database/roles.ts';
import { entityIdOf, idOf, marked } from './marker.ts';
import { drawn } from './visualization.ts';

export type Place = 'customers' | 'operations' | 'internal';
export type Source = 'customers' | 'operations';

export type WantedDatabase = {
  key: Source;
  name: string;
  description: string;
  details: Record<string, unknown>;
  password: string;
};
export type WantedCollection = { key: Place; name: string; description: string };
export type ParameterTag = {
  id: string;
  name: string;
  'display-name': string;
  type: 'text';
  required: boolean;
  default?: string;
};
export type WantedCard = {
  key: string;
  name: string;
  description: string;
  entityId: string;
  place: Place;
  source: Source;
  display: string;
  settings: Record<string, unknown>;
  sql: string;
  tags: Record<string, ParameterTag>;
};
export type Tile = {
  card: string;
  row: number;
  col: number;
  size_x: number;
  size_y: number;
  words: string;
  variables: string[];
};
export type WantedDashboard = {
  key: string;
  name: string;
  description: string;
  place: Place;
  parameters: Record<string, unknown>[];
  tiles: Tile[];
  /** Whether a token locks each parameter; null if the dashboard is not embedded. */
  embedding: Record<string, 'locked' | 'enabled'> | null;
};

/** All objects that Metabase must have, without the ids that it assigns. */
export type Desired = {
  databases: WantedDatabase[];
  collections: WantedCollection[];
  cards: WantedCard[];
  dashboards: WantedDashboard[];
};

// PostgreSQL reads these words as times, so a dashboard that is opened without a window shows recent data.
const WINDOW: Record<string, string> = { from: 'yesterday', to: 'tomorrow', interval: 'hour' };

const COLLECTIONS: WantedCollection[] = [
  {
    key: 'customers',
    name: 'Customers',
    description: marked('customers', 'Dashboards that are embedded for one tenant at a time.'),
  },
  { key: 'operations', name: 'Operations', description: marked('operations', 'How the platform runs, over all tenants.') },
  { key: 'internal', name: 'Internal', description: marked('internal', 'How the platform is used.') },
];

const PLACES = { customer: 'customers', operations: 'operations', internal: 'internal' } as const;

/** The objects that Metabase must have for these dashboards. */
export function desiredOf(dashboards: Iterable<Dashboard>, config: Config): Desired {
  const all = [...dashboards].sort((a, b) => (a.slug < b.slug ? -1 : 1));
  return {
    databases: [
      databaseOf('customers', 'Mirante: customers', loginUrl(config, 'mirante_metabase'), 'bi'),
      databaseOf('operations', 'Mirante: operations', loginUrl(config, 'mirante_ops'), 'ops'),
    ],
    collections: COLLECTIONS,
    cards: all.flatMap((dashboard) => dashboard.cards.map((card) => cardOf(dashboard, card))),
    dashboards: all.map(dashboardOf),
  };
}

function databaseOf(key: Source, name: string, address: string, schema: string): WantedDatabase {
  const url = new URL(address);
  const mode = url.searchParams.get('sslmode') ?? 'disable';
  const encrypted = ['require', 'verify-ca', 'verify-full'].includes(mode);
  const authority = url.searchParams.get('sslrootcert');
  return {
    key,
    name,
    description: marked(key, `Read as ${decodeURIComponent(url.username)}. Mirante manages this entry.`),
    password: decodeURIComponent(url.password),
    details: {
      host: url.hostname,
      port: Number(url.port || 5432),
      dbname: decodeURIComponent(url.pathname.slice(1)),
      user: decodeURIComponent(url.username),
      ssl: encrypted,
      ...(encrypted && { 'ssl-mode': mode }),
      ...(encrypted && authority && { 'ssl-root-cert-options': 'local', 'ssl-root-cert-path': authority }),
      'schema-filters-type': 'inclusion',
      'schema-filters-patterns': schema,
    },
  };
}

function cardOf(dashboard: Dashboard, card: Card): WantedCard {
  const key = `${dashboard.slug}/${card.name}`;
  const { display, settings } = drawn(card);
  return {
    key,
    name: card.title.en,
    description: marked(key, card.description?.en),
    entityId: entityIdOf(key),
    place: PLACES[dashboard.audience],
    source: dashboard.audience === 'customer' ? 'customers' : 'operations',
    display,
    settings,
    sql: card.sql,
    tags: tagsOf(key, card.sql, knownTo(dashboard), dashboard),
  };
}

function tagsOf(key: string, sql: string, { optional }: CardVariables, dashboard: Dashboard): Record<string, ParameterTag> {
  const tags = variablesOf(sql).map((name): [string, ParameterTag] => [
    name,
    {
      id: idOf(`card ${key} ${name}`),
      name,
      'display-name': titleOf(dashboard, name),
      type: 'text',
      required: !optional.includes(name),
      ...(WINDOW[name] && { default: WINDOW[name] }),
    },
  ]);
  return Object.fromEntries(tags);
}

const titleOf = ({ parameters }: Dashboard, name: string) =>
  parameters.find((parameter) => parameter.name === name)?.title.en ?? 'Grant';

function dashboardOf(dashboard: Dashboard): WantedDashboard {
  const isCustomers = dashboard.audience === 'customer';
  const names = [...(isCustomers ? ['grant'] : []), ...dashboard.parameters.map(({ name }) => name as string)];
  return {
    key: dashboard.slug,
    name: dashboard.title.en,
    description: marked(dashboard.slug, dashboard.description.en),
    place: PLACES[dashboard.audience],
    parameters: names.map((name) => parameterOf(dashboard, name)),
    tiles: dashboard.cards.map(({ name, layout, sql, description }) => ({
      card: `${dashboard.slug}/${name}`,
      row: layout.row,
      col: layout.column,
      size_x: layout.width,
      size_y: layout.height,
      words: description?.en ?? '',
      variables: variablesOf(sql),
    })),
    embedding: isCustomers ? Object.fromEntries(names.map((name) => [name, name === 'grant' ? 'locked' : 'enabled'])) : null,
  };
}

// All parameters are texts: a raw variable of type text pairs with `string/=`, and the SQL casts it.
function parameterOf(dashboard: Dashboard, name: string): Record<string, unknown> {
  return {
    id: name,
    slug: name,
    name: titleOf(dashboard, name),
    type: 'string/=',
    sectionId: 'string',
    isMultiSelect: false,
    values_query_type: 'none',
    ...(WINDOW[name] && { default: [WINDOW[name]] }),
  };
}
