import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { faultsOf, render } from './card-query.ts';
import { type Dashboard, knownTo, loadDashboards } from './dashboards.ts';
import { faultsOfDashboard } from './faults.ts';

const KNOWN = { required: ['grant', 'from', 'to', 'interval'], optional: ['marketplace'] };

test('what is shipped can be loaded', () => {
  expect([...loadDashboards().keys()]).toContain('validations-overview');
});

test('variables become parameters, each one once, however often it stands', () => {
  expect(render('select {{a}}, {{b}}, {{a}}', { a: 'x', b: 'y' })).toEqual({ text: 'select $1, $2, $1', values: ['x', 'y'] });
  expect(() => render('select {{a}}', {})).toThrow('asks for a');
});

test('an optional clause stands only where its variable has a value', () => {
  const sql = 'select 1 where {{a}} = 1 [[and b = {{b}}]] [[and c = {{c}}]]';
  expect(render(sql, { a: '1', c: '3' })).toEqual({ text: 'select 1 where $1 = 1  and c = $2', values: ['1', '3'] });
});

const GOOD = "select type from bi.events({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total') where type <> ''";

test.each([
  ['a variable that is none of the dashboard', GOOD.replace('{{to}}', '{{until}}'), /knows the variables/],
  ['no grant', GOOD.replace('{{grant}}', "'x'"), /begin each call/],
  ['the grant in another place', GOOD.replace('{{grant}}, {{from}}', '{{from}}, {{grant}}'), /begin each call/],
  ['an optional grant', GOOD.replace('{{grant}}', '[[{{grant}}]]'), /in an optional clause/],
  ['an optional window', `${GOOD} [[and type = {{interval}}]]`, /in an optional clause one of/],
  ['an optional clause within another', `${GOOD} [[and [[type = {{marketplace}}]]]]`, /close each optional/],
  ['an optional clause of two variables', `${GOOD} [[and type = {{marketplace}} or {{from}} = '']]`, /in an optional clause/],
  ['a choice that it cannot go without', `${GOOD} and type = {{marketplace}}`, /knows the variables/],
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
  ['a grant', `${OPERATIONS} having {{grant}} = ''`, /knows the variables/],
])('a card of operations with %s is refused', (_, sql, fault) => {
  const known = { required: ['from', 'to', 'interval'], optional: [] };
  expect(faultsOf(OPERATIONS, 'operations', known)).toEqual([]);
  expect(faultsOf(sql, 'operations', known).join('; ')).toMatch(fault);
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
  [
    'a parameter that nothing uses',
    (one) => one.parameters.push({ name: 'rule', title: one.title, values: { card: 'x', column: 'y' } }),
    'no card uses',
  ],
  [
    'too much above the fold',
    ({ cards }) => cards.push(...Array.from({ length: 7 }, () => structuredClone(cards[0] as never))),
    'more than 7',
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

test('a definition that is wrong is named at the start', () => {
  const { path, load } = copyOfShipped();
  expect(load().size).toBeGreaterThan(0);
  writeFileSync(path('validations-overview/unused.sql'), GOOD);
  expect(load).toThrow('dashboards/validations-overview/unused.sql: no card has this name');
  rmSync(path('validations-overview/unused.sql'));
  writeFileSync(path('validations-overview/volume.sql'), 'select 1');
  expect(load).toThrow(/dashboards\/validations-overview\/volume\.sql: must read bi/);
  mkdirSync(path('empty'));
  writeFileSync(path('empty/dashboard.json'), '{"audience":"all","cards":[]}');
  expect(load).toThrow(/dashboards\/empty\/dashboard\.json: .*audience/s);
});
