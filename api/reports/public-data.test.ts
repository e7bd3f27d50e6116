import { expect, test } from 'vitest';
import type { Json } from '../../test/support/api.ts';
import { catalogueOf } from './public-data.ts';

// What DCAT-AP 3.0.1 makes mandatory. Its published shapes are not part of this repository; docs/reports.md says how they were run.
test('the catalogue has what DCAT-AP makes mandatory', () => {
  const catalogue: Json = catalogueOf('https://mirante.example', [
    {
      tenant: 'opg',
      tenant_name: 'Office of the Public Guardian',
      country: 'GB',
      service: 'lpa',
      service_name: 'Make an LPA',
      locales: ['en', 'cy'],
      first_period: '2026-09',
      last_period: '2026-Q4',
      issued: new Date('2026-11-01T10:00:00Z'),
      modified: new Date('2026-11-02T10:00:00Z'),
    },
  ]);
  const lacks = (node: Json, ...names: string[]) => names.filter((name) => node[name] === undefined);
  expect(lacks(catalogue, '@id', 'dct:title', 'dct:description', 'dct:publisher')).toEqual([]);
  const [dataset] = catalogue['dcat:dataset'];
  expect(lacks(dataset, '@id', 'dct:title', 'dct:description')).toEqual([]);
  expect(lacks(dataset['dcat:theme'], 'skos:prefLabel')).toEqual([]);
  expect(lacks(dataset['dct:publisher'], 'foaf:name')).toEqual([]);
  expect(dataset['dcat:distribution'].map((one: Json) => one['dcat:accessURL']['@id'])).toEqual([
    'https://mirante.example/public/performance/opg/lpa.csv',
    'https://mirante.example/public/performance/opg/lpa.json',
  ]);
});
