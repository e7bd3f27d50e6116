import type { Described } from '../http/operation.ts';

const SUMMARY = {
  slug: 'validations-overview',
  audience: 'customer',
  title: { en: 'Validations overview', 'pt-BR': 'Visão geral das validações' },
  description: {
    en: 'How many validations ran, how many failed, where, why, and how long they took.',
    'pt-BR': 'Quantas validações rodaram, quantas falharam, onde, por quê e quanto tempo levaram.',
  },
};
const COLUMNS = [
  { name: 'bucket', title: { en: 'Period', 'pt-BR': 'Período' }, format: 'time' },
  { name: 'validations', title: { en: 'Validations', 'pt-BR': 'Validações' }, format: 'count' },
];

const tag = 'Dashboards';
const params = { slug: SUMMARY.slug };

export const dashboardSpecs = {
  list: {
    operationId: 'listDashboards',
    tag,
    summary: 'List dashboards',
    description:
      'Returns the dashboards that the key’s own tenant can open. It needs a key with the scope read or admin. Dashboards of operations are only there for the operator’s own tenant.',
    problems: ['feature-disabled'],
    example: { answer: { data: [SUMMARY] } },
  },
  get: {
    operationId: 'getDashboard',
    tag,
    summary: 'Get the definition of a dashboard',
    description:
      'Returns the parameters and cards of a dashboard: titles, columns, chart and place on the grid. It needs a key with the scope read or admin. The rows of a card are a call of their own.',
    problems: ['not-found', 'feature-disabled'],
    example: {
      params,
      answer: {
        ...SUMMARY,
        parameters: [
          { name: 'from', title: { en: 'From', 'pt-BR': 'De' } },
          {
            name: 'marketplace',
            title: { en: 'Marketplace', 'pt-BR': 'Marketplace' },
            values: { card: 'marketplaces', column: 'marketplace' },
          },
        ],
        cards: [
          {
            name: 'volume',
            title: { en: 'Validations by outcome', 'pt-BR': 'Validações por resultado' },
            display: 'bar',
            layout: { column: 0, row: 4, width: 12, height: 8 },
            columns: COLUMNS,
            chart: { x: 'bucket', y: ['validations'] },
          },
        ],
      },
    },
  },
  card: {
    operationId: 'readDashboardCard',
    tag,
    summary: 'Read the rows of one card',
    description:
      'Returns the rows of one card for a window, computed for the tenant of the key or of the link. It needs a key with the scope read or admin, or the token of a link to this dashboard. Further query parameters are those of the dashboard; a filter that is sent several times, as `filter[name]` too, matches any of its values, and what a link has fixed cannot be changed. `Accept: text/csv` gives CSV.',
    problems: ['not-found', 'feature-disabled', 'wrong-dashboard'],
    example: {
      params: { ...params, card: 'volume' },
      query: { from: '2026-11-28T00:00:00Z', to: '2026-11-29T00:00:00Z', interval: 'day' },
      answer: {
        columns: COLUMNS,
        from: '2026-11-28T00:00:00.000000Z',
        to: '2026-11-29T00:00:00.000000Z',
        interval: 'day',
        timezone: 'UTC',
        watermark: '2026-11-29T20:17:13.778Z',
        restated: { days: 0, latest: null },
        has_before: true,
        data: [{ bucket: '2026-11-28T00:00:00.000Z', validations: 1842 }],
      },
      texts: { 'text/csv': 'bucket,validations\r\n2026-11-28T00:00:00.000Z,1842\r\n' },
    },
  },
} satisfies Record<string, Described>;
