import type { Described } from '../http/operation.ts';
import { MEASURES_EXAMPLE, METHOD_EXAMPLE, MISSING_EXAMPLE } from './reports-spec.ts';

const tag = 'Performance';
const params = { tenant: 'opg', service: 'make-an-lpa' };
const revision = { ...params, period: '2026-10', revision: '1' };
const URL = 'https://mirante.example.com/public/performance/opg/make-an-lpa/2026-10/1';
const ANSWER = {
  tenant: 'opg',
  tenant_name: 'Office of the Public Guardian',
  service: 'make-an-lpa',
  service_name: 'Make a lasting power of attorney',
  period: '2026-10',
  revision: 1,
  published_at: '2026-11-29T20:18:00.000Z',
  completed_at: '2026-11-29T20:17:14.002Z',
  measures: MEASURES_EXAMPLE,
  method: METHOD_EXAMPLE,
  missing: MISSING_EXAMPLE,
  changes: [],
  url: URL,
  revisions: [{ period: '2026-10', revision: 1, published_at: '2026-11-29T20:18:00.000Z', url: URL }],
  periods: [{ period: '2026-10', revision: 1, measures: MEASURES_EXAMPLE }],
};
const CSV =
  'tenant,service,period,revision,measure,value,unit,numerator,denominator,provisional,flags,published_at\r\n"opg","make-an-lpa","2026-10",1,"digital_take_up",15.6,"percent",820,5250,false,"","2026-11-29T20:18:00.000Z"\r\n';
const PAGE = '<!doctype html>\n<html lang="en">…</html>\n';
const CSVW =
  '{"@context":["http://www.w3.org/ns/csvw",{"@language":"en"}],"url":"https://mirante.example.com/public/performance/opg/make-an-lpa.csv"}';
const CATALOGUE = '{"@context":{"dcat":"http://www.w3.org/ns/dcat#"},"@type":"dcat:Catalog","dcat:dataset":[]}';

const problems = ['not-found'] as const;
const NEWEST =
  'No key is needed. It has the newest revision of the newest period that the service has published; nothing else of it can be read. It has an ETag, and caches may keep it for a minute.';
const OLD =
  'No key is needed. The address of a revision never changes: a later one says what differs. A revision that was withdrawn is answered with 404.';

/** What everybody may read. */
export const publicSpecs = {
  json: {
    operationId: 'readPublishedPerformance',
    tag,
    summary: 'Read the published performance of a service',
    description: `Returns the published figures of a service as JSON, with the method, every revision and every period. ${NEWEST}`,
    problems,
    example: { params, answer: ANSWER },
  },
  json_revision: {
    operationId: 'readPublishedRevision',
    tag,
    summary: 'Read one published revision',
    description: `Returns one published revision as JSON. ${OLD}`,
    problems,
    example: { params: revision, answer: ANSWER },
  },
  csv: {
    operationId: 'readPublishedPerformanceAsCsv',
    tag,
    summary: 'Read the published performance as CSV',
    description: `Returns the newest figures of every published period as CSV, a line for each measure. ${NEWEST}`,
    problems,
    example: { params, texts: { 'text/csv': CSV } },
  },
  csv_revision: {
    operationId: 'readPublishedRevisionAsCsv',
    tag,
    summary: 'Read one published revision as CSV',
    description: `Returns one published revision as CSV, a line for each measure. ${OLD}`,
    problems,
    example: { params: revision, texts: { 'text/csv': CSV } },
  },
  csvw: {
    operationId: 'readPublishedPerformanceMetadata',
    tag,
    summary: 'Read the metadata of the CSV',
    description: `Returns the types and meanings of the columns of the CSV, as CSV on the Web asks for. ${NEWEST}`,
    problems,
    example: { params, texts: { 'application/csvm+json': CSVW } },
  },
  csvw_revision: {
    operationId: 'readPublishedRevisionMetadata',
    tag,
    summary: 'Read the metadata of the CSV of one revision',
    description: `Returns the types and meanings of the columns of the CSV of one revision. ${OLD}`,
    problems,
    example: { params: revision, texts: { 'application/csvm+json': CSVW } },
  },
  page: {
    operationId: 'showPublishedPerformance',
    tag,
    summary: 'Show the published performance of a service',
    description: `Shows the published figures of a service with charts, in the languages of the service. It works without script. ${NEWEST}`,
    problems,
    example: { params, texts: { 'text/html': PAGE } },
  },
  page_revision: {
    operationId: 'showPublishedRevision',
    tag,
    summary: 'Show one published revision',
    description: `Shows one published revision with what changed. ${OLD}`,
    problems,
    example: { params: revision, texts: { 'text/html': PAGE } },
  },
  catalogue: {
    operationId: 'readCatalogue',
    tag,
    summary: 'Read the catalogue of published data',
    description:
      'Returns a DCAT-AP catalogue of every service that has published figures, which data portals harvest. No key is needed. It has an ETag, and caches may keep it for a minute.',
    problems: [],
    example: { texts: { 'application/ld+json': CATALOGUE } },
  },
} satisfies Record<string, Described>;
