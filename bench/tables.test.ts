import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { AREAS } from './areas.ts';
import { tablesOf } from './tables.ts';

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');

it('results.md matches results.json: `npm run bench -- tables` writes it', () => {
  expect(read('results.md')).toBe(tablesOf(JSON.parse(read('results.json'))));
});

it('leaves out what was not measured', () => {
  const { ingest } = JSON.parse(read('results.json'));
  const text = tablesOf({ ingest });
  expect(text).toContain('## Ingestion');
  expect(text).not.toMatch(/## Archive|undefined|NaN/);
});

it('has a table for each benchmark', () => {
  const shown = AREAS.flatMap(({ runs }) => runs);
  expect(Object.keys(JSON.parse(read('results.json'))).filter((name) => !shown.includes(name))).toEqual([]);
});
