import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { faultsOf, loadDashboards } from './dashboards.ts';

const KNOWN = ['grant', 'from', 'to', 'interval'];
const shipped = [...loadDashboards().values()];

test('what is shipped can be loaded, and each parameter is used by some card', () => {
  expect(shipped.map(({ slug }) => slug)).toEqual(['validations-overview']);
  for (const { slug, parameters, cards } of shipped) {
    const used = new Set(cards.flatMap(({ query }) => query.variables));
    expect([...used].sort(), slug).toEqual(['grant', ...parameters.map(({ name }) => name as string)].sort());
  }
});

test('variables become parameters, each one once, however often it stands', () => {
  const [volume] = shipped[0]?.cards ?? [];
  expect(volume?.query.variables).toEqual(['grant', 'from', 'to', 'interval']);
  expect(volume?.query.text).toContain('bi.validations($1, $2::timestamptz, $3::timestamptz, $4)');
});

test('cards of a dashboard do not lie on one another', () => {
  for (const { slug, cards } of shipped) {
    const places = cards.flatMap(({ layout }) =>
      Array.from({ length: layout.width * layout.height }, (_, n) => {
        return `${layout.column + (n % layout.width)}/${layout.row + Math.floor(n / layout.width)}`;
      }),
    );
    expect(new Set(places).size, slug).toBe(places.length);
  }
});

const GOOD = "select type from bi.events({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total') where type <> ''";

test.each([
  ['a variable that is none of the dashboard', GOOD.replace('{{to}}', '{{until}}'), /knows the variables/],
  ['no grant', GOOD.replace('{{grant}}', "'x'"), /begin each call/],
  ['the grant in another place', GOOD.replace('{{grant}}, {{from}}', '{{from}}, {{grant}}'), /begin each call/],
  ['an optional grant', GOOD.replace('{{grant}}', '[[{{grant}}]]'), /no optional part/],
  ['an optional clause', `${GOOD} [[and type = {{interval}}]]`, /no optional part/],
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
  ['no function at all', 'select 1', /must call a function/],
  ['no select', 'delete from bi.events({{grant}}, now(), now())', /one select/],
])('a card with %s is refused', (_, sql, fault) => {
  expect(faultsOf(GOOD, KNOWN)).toEqual([]);
  expect(faultsOf(sql, KNOWN).join('; ')).toMatch(fault);
});

function copyOfShipped() {
  const folder = mkdtempSync(join(tmpdir(), 'mirante-dashboards-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  cpSync(new URL('../dashboards/', import.meta.url), folder, { recursive: true });
  return { path: (name: string) => join(folder, name), load: () => loadDashboards(pathToFileURL(`${folder}/`)) };
}

test('a definition that is wrong is named at the start', () => {
  const { path, load } = copyOfShipped();
  expect(load().size).toBe(1);
  writeFileSync(path('validations-overview/unused.sql'), GOOD);
  expect(load).toThrow('dashboards/validations-overview: each .sql file is of one card');
  rmSync(path('validations-overview/unused.sql'));
  writeFileSync(path('validations-overview/volume.sql'), 'select 1');
  expect(load).toThrow('dashboards/validations-overview/volume.sql must call a function of bi');
  mkdirSync(path('empty'));
  writeFileSync(path('empty/dashboard.json'), '{"audience":"all","cards":[]}');
  expect(load).toThrow(/dashboards\/empty\/dashboard\.json: .*audience/s);
});
