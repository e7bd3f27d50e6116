import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { trendOf } from '../../sql/dashboards/trends.ts';
import { textsOf } from '../pages/texts.ts';
import { faultsOf, faultsOfTotals, render } from './card-query.ts';
import { knownTo, loadDashboards } from './dashboards.ts';
import type { Dashboard } from './definition.ts';
import { faultsOfDashboard } from './faults.ts';

const KNOWN = { required: ['grant', 'from', 'to', 'interval'], optional: ['marketplace'] };

test('the shipped dashboards can be loaded', () => {
  expect([...loadDashboards().keys()]).toContain('validations-overview');
});

test('each variable becomes one parameter, even if it appears several times', () => {
  expect(render('select {{a}}, {{b}}, {{a}}', { a: 'x', b: 'y' })).toEqual({ text: 'select $1, $2, $1', values: ['x', 'y'] });
  expect(() => render('select {{a}}', {})).toThrow('needs the variable a');
});

test('an optional clause is kept only if its variable has a value', () => {
  const sql = 'select 1 where {{a}} = 1 [[and b = {{b}}]] [[and c = {{c}}]]';
  expect(render(sql, { a: '1', c: '3' })).toEqual({ text: 'select 1 where $1 = 1  and c = $2', values: ['1', '3'] });
});

test('several values of a choice become a list', () => {
  const sql = 'select {{a}} from f({{a}} [[, {{b}}]]) where {{a}} = 1 [[and b in ({{b}})]]';
  expect(render(sql, { a: '1', b: ['2', '3'] })).toEqual({
    text: 'select $1 from f($1 , $2, $3) where $1 = 1 and b in ($2, $3)',
    values: ['1', '2', '3'],
  });
});

const GOOD = "select type from bi.events({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total') where type <> ''";

test.each([
  ['a variable that is none of the dashboard', GOOD.replace('{{to}}', '{{until}}'), /may use only the variables/],
  ['no grant', GOOD.replace('{{grant}}', "'x'"), /begin each call/],
  ['the grant in another place', GOOD.replace('{{grant}}, {{from}}', '{{from}}, {{grant}}'), /begin each call/],
  ['an optional grant', GOOD.replace('{{grant}}', '[[{{grant}}]]'), /in an optional clause/],
  ['an optional window', `${GOOD} [[and type = {{interval}}]]`, /exactly one of these variables in an optional clause/],
  ['an optional clause within another', `${GOOD} [[and [[type = {{marketplace}}]]]]`, /close each optional/],
  ['an optional clause of two variables', `${GOOD} [[and type = {{marketplace}} or {{from}} = '']]`, /in an optional clause/],
  ['a choice that it cannot go without', `${GOOD} and type = {{marketplace}}`, /may use only the variables/],
  ['a choice of one value', `${GOOD} [[and type = {{marketplace}}]]`, /several values/],
  ['a second call without it', `${GOOD} union all select type from bi.events(null, now(), now(), 'day')`, /begin each call/],
  ['a table', `${GOOD} union all select name from private.tenants`, /functions of bi only/],
  ['a table after a comma', GOOD.replace(' where', ', private.tenants where'), /functions of bi only/],
  ['a table by its bare name', `${GOOD} union all select name from tenants`, /functions of bi only/],
  ['a view of app', `${GOOD} and exists (select from app.events)`, /functions of bi only/],
  ['a quoted name', `${GOOD} union all select name from "private".tenants`, /quoted names/],
  ['a comment', `${GOOD} -- {{to}}`, /comments/],
  ['two statements', `${GOOD}; select 1`, /semicolons/],
  ['a number of its own', GOOD.replace('{{to}}', '$3'), /dollars/],
  ['a broken variable', GOOD.replace('{{to}}', '{{ to }}'), /braces/],
  ['a variable within a text', `${GOOD} and type = '{{to}}'`, /within a text/],
  ['no function at all', 'select 1', /must read bi/],
  ['no select', 'delete from bi.events({{grant}}, now(), now())', /one select/],
])('a card with %s is refused', (_, sql, fault) => {
  expect(faultsOf(GOOD, 'customer', KNOWN)).toEqual([]);
  expect(faultsOf(sql, 'customer', KNOWN).join('; ')).toMatch(fault);
});

const OPERATIONS =
  'select tenant, sum(events) as events from ops.activity({{from}}::timestamptz, {{to}}::timestamptz) group by 1';

test.each([
  ['a table', OPERATIONS.replace('ops.activity', 'private.events'), /must read ops only/],
  ['a function of bi', `${OPERATIONS} union all select type from bi.events({{from}}, {{to}})`, /must read ops only/],
  ['a grant', `${OPERATIONS} having {{grant}} = ''`, /may use only the variables/],
])('a card of operations with %s is refused', (_, sql, fault) => {
  const known = { required: ['from', 'to', 'interval'], optional: [] };
  expect(faultsOf(OPERATIONS, 'operations', known)).toEqual([]);
  expect(faultsOf(sql, 'operations', known).join('; ')).toMatch(fault);
});

const TOTALS = "select count(*) as events from bi.events({{grant}}, {{since}}::timestamptz, {{until}}::timestamptz, 'total')";

test('a trend runs its select for the window before and for this one', () => {
  const BEFORE = '({{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz))::timestamptz';
  expect(trendOf(TOTALS, ['period', 'events'])).toBe(`select ${BEFORE} as period, events
from (
select count(*) as events from bi.events({{grant}}, ${BEFORE}, {{from}}::timestamptz, 'total')
) window_before
union all
select {{from}}::timestamptz as period, events
from (
select count(*) as events from bi.events({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total')
) this_window
order by period`);
  expect(faultsOf(trendOf(TOTALS, ['period', 'events']), 'customer', KNOWN)).toEqual([]);
});

test.each([
  ['only one window', TOTALS.replace('{{until}}', '{{to}}')],
  ['no window', TOTALS.replace('{{since}}::timestamptz, {{until}}::timestamptz', 'now(), now()')],
  ['the interval as well', TOTALS.replace("'total'", '{{interval}}')],
])('a select of trends that takes %s is refused', (_, select) => {
  expect(faultsOfTotals(TOTALS)).toEqual([]);
  expect(faultsOfTotals(select)).toEqual([expect.stringContaining('{{since}} and {{until}}')]);
});

const overview = (): Dashboard => structuredClone(loadDashboards().get('validations-overview') as Dashboard);

test.each<[string, (dashboard: Dashboard) => void, string]>([
  [
    'cards that lie on one another',
    ({ cards: [, second] }) => Object.assign(second?.layout ?? {}, { column: 0, row: 0 }),
    'overlaps',
  ],
  ['a card over the edge', ({ cards: [first] }) => Object.assign(first?.layout ?? {}, { column: 23, width: 2 }), 'is wider'],
  [
    'a chart of a column that is not there',
    ({ cards: [first] }) => Object.assign(first?.chart ?? {}, { y: ['x'] }),
    'no column x',
  ],
  ['a card without its chart', ({ cards: [first] }) => Object.assign(first ?? {}, { display: 'gauge' }), 'needs min'],
  ['a trend without its query', ({ cards: [first] }) => Object.assign(first ?? {}, { query: undefined }), 'needs a query'],
  ['a table with a query', ({ cards }) => Object.assign(cards.at(-1) ?? {}, { query: 'totals' }), 'only a trend may have'],
  [
    'a parameter that nothing uses',
    (one) => one.parameters.push({ name: 'rule', title: one.title, values: { card: 'x', column: 'y' } }),
    'no card uses',
  ],
  [
    'too much above the fold',
    ({ cards }) => cards.push(...Array.from({ length: 7 }, () => structuredClone(cards[0] as never))),
    'at most 7 cards',
  ],
])('a dashboard with %s is refused', (_, spoil, fault) => {
  const dashboard = overview();
  expect(faultsOfDashboard(dashboard, knownTo(dashboard))).toEqual([]);
  spoil(dashboard);
  expect(faultsOfDashboard(dashboard, knownTo(dashboard)).join('; ')).toContain(fault);
});

function copyOfShipped() {
  const folder = mkdtempSync(join(tmpdir(), 'mirante-dashboards-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  cpSync(new URL('../../dashboards/', import.meta.url), folder, { recursive: true });
  return { path: (name: string) => join(folder, name), load: () => loadDashboards(pathToFileURL(`${folder}/`)) };
}

test('an invalid definition is reported at the start', () => {
  const { path, load } = copyOfShipped();
  expect(load().size).toBeGreaterThan(0);
  writeFileSync(path('validations-overview/unused.sql'), GOOD);
  expect(load).toThrow('dashboards/validations-overview/unused.sql: belongs to no card');
  rmSync(path('validations-overview/unused.sql'));
  writeFileSync(path('validations-overview/totals.sql'), GOOD);
  expect(load).toThrow(/^dashboards\/validations-overview\/totals\.sql: must take its window from \{\{since\}\}/);
  writeFileSync(path('validations-overview/volume.sql'), 'select 1');
  expect(load).toThrow(/dashboards\/validations-overview\/volume\.sql: must read bi/);
  mkdirSync(path('empty'));
  writeFileSync(path('empty/dashboard.json'), '{"audience":"all","cards":[]}');
  expect(load).toThrow(/dashboards\/empty\/dashboard\.json: .*audience/s);
});

test('names of texts are replaced; unknown and unused names are refused', () => {
  const { path, load } = copyOfShipped();
  const texts = JSON.parse(readFileSync(path('words.json'), 'utf8'));
  expect(load().get('latency')?.parameters[0]?.title).toEqual(texts.from);
  writeFileSync(path('words.json'), JSON.stringify({ ...texts, orphan: { en: 'Orphan', 'pt-BR': 'Órfão' } }));
  expect(load).toThrow(/^dashboards\/words\.json: no dashboard uses orphan$/);
  const { from, ...rest } = texts;
  writeFileSync(path('words.json'), JSON.stringify(rest));
  expect(load).toThrow('dashboards/latency/dashboard.json: words.json has no text from');
  writeFileSync(path('words.json'), JSON.stringify({ ...rest, from: { en: 'From' } }));
  expect(load).toThrow(/^dashboards\/words\.json: from\.pt-BR: /m);
  rmSync(path('words.json'));
  expect(load).toThrow('dashboards/words.json: is missing');
});

test('a text that appears in several places is written once, in words.json', () => {
  const places = new Map<string, number>();
  const count = (text: unknown) => places.set(JSON.stringify(text), (places.get(JSON.stringify(text)) ?? 0) + 1);
  const visit = (value: unknown): void => {
    if (value === null || typeof value !== 'object') return;
    if ('en' in value) count(value);
    else Object.values(value).forEach(visit);
  };
  const folder = new URL('../../dashboards/', import.meta.url);
  for (const slug of loadDashboards().keys())
    visit(JSON.parse(readFileSync(new URL(`${slug}/dashboard.json`, folder), 'utf8')));
  visit(JSON.parse(readFileSync(new URL('words.json', folder), 'utf8')));
  expect([...places].filter(([, times]) => times > 1).map(([text]) => text)).toEqual([]);
});

test('no text of a dashboard or its page names an API call, a file, a setting or a member of an event', () => {
  const shown = [...loadDashboards().values()].flatMap(({ title, description, parameters, cards }) => [
    title,
    description,
    ...parameters.map((one) => one.title),
    ...cards.flatMap((card) => [card.title, card.description, card.empty, ...card.columns.map((column) => column.title)]),
  ]);
  const texts = [
    ...shown.flatMap((words) => Object.values(words ?? {})),
    ...Object.values(textsOf('en')),
    ...Object.values(textsOf('pt-BR')),
  ];
  const technical = /\b(GET|POST|PUT|PATCH|DELETE)\b|\/[a-z]\w+|\w\w\.\w*[a-z]\w*\b|[A-Za-z]_[A-Za-z]|npm run/;
  expect(texts.filter((text) => technical.test(text))).toEqual([]);
});
