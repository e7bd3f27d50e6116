import { toCsv } from '../../lib/csv.ts';
import type { CatalogueEntry, PublishedReport } from '../../sql/reports/published.ts';
import { MEASURES } from '../../sql/reports/reports.ts';

const COLUMNS = [
  ['tenant', 'string', 'Slug of the organisation'],
  ['service', 'string', 'Slug of the service'],
  ['period', 'string', 'Month (2026-10), quarter (2026-Q4) or year (2026)'],
  ['revision', 'integer', 'Number of the published revision of the period'],
  ['measure', 'string', 'Name of the measure'],
  ['value', 'double', 'The figure; empty where it cannot be computed'],
  ['unit', 'string', 'percent, or the ISO 4217 code of a currency'],
  ['numerator', 'double', 'What is divided'],
  ['denominator', 'double', 'What it is divided by'],
  ['provisional', 'boolean', 'Whether the figure can still change'],
  ['flags', 'string', 'What to know of the figure, separated by spaces'],
  ['published_at', 'dateTime', 'When the revision was published'],
] as const;

/** The newest revision of each period, newest period first. */
export function newestOf(reports: PublishedReport[]): PublishedReport[] {
  return [...new Map(reports.toReversed().map((report) => [report.period, report])).values()].toReversed();
}

/** The address of one revision, which never changes. */
export const revisionPath = ({
  tenant,
  service,
  period,
  revision,
}: Pick<PublishedReport, 'tenant' | 'service' | 'period' | 'revision'>) =>
  `/public/performance/${tenant}/${service}/${period}/${revision}`;

/** One revision as JSON, with a list of all, and the newest figures of every period. */
export function jsonOf(origin: string, shown: PublishedReport, all: PublishedReport[]) {
  const { locales: _, country: __, ...report } = shown;
  return {
    ...report,
    url: origin + revisionPath(shown),
    revisions: all.map((one) => ({
      period: one.period,
      revision: one.revision,
      published_at: one.published_at,
      url: origin + revisionPath(one),
    })),
    periods: newestOf(all).map(({ period, revision, measures }) => ({ period, revision, measures })),
  };
}

/** Figures as CSV, a line for each measure of each report. */
export function csvOf(reports: PublishedReport[]): string {
  const rows = reports.flatMap((report) =>
    MEASURES.map((name) => {
      const { value, numerator, denominator, provisional, flags, parameters } = report.measures[name];
      const unit = parameters.unit === 'currency' ? (parameters.currency ?? '') : parameters.unit;
      const { tenant, service, period, revision, published_at } = report;
      const at = published_at.toISOString();
      return [tenant, service, period, revision, name, value, unit, numerator, denominator, provisional, flags.join(' '), at];
    }),
  );
  return toCsv(
    COLUMNS.map(([name]) => name),
    rows,
  );
}

/** CSV on the Web metadata of the CSV at `url` (https://www.w3.org/TR/tabular-metadata/). */
export function csvwOf(url: string, { service_name, tenant_name }: PublishedReport): object {
  return {
    '@context': ['http://www.w3.org/ns/csvw', { '@language': 'en' }],
    url,
    'dc:title': `Performance of ${service_name}`,
    'dc:publisher': tenant_name,
    dialect: { encoding: 'utf-8', delimiter: ',', quoteChar: '"', doubleQuote: true, lineTerminators: ['\r\n'], header: true },
    tableSchema: {
      columns: COLUMNS.map(([name, datatype, description]) => ({
        name,
        titles: name,
        'dc:description': description,
        datatype,
        required: !['value', 'numerator', 'denominator', 'flags', 'unit'].includes(name),
      })),
      primaryKey: ['tenant', 'service', 'period', 'revision', 'measure'],
    },
  };
}

const EU = 'http://publications.europa.eu/resource/authority';
const LANGUAGES: Record<string, string> = { en: 'ENG', cy: 'CYM', 'pt-BR': 'POR' };
const date = (at: Date) => ({ '@value': at.toISOString(), '@type': 'xsd:dateTime' });

/** The catalogue of everything published here, as DCAT-AP 3. */
export function catalogueOf(origin: string, entries: CatalogueEntry[]): object {
  const modified = entries.map((one) => one.modified).sort((a, b) => b.getTime() - a.getTime())[0];
  return {
    '@context': {
      dcat: 'http://www.w3.org/ns/dcat#',
      dct: 'http://purl.org/dc/terms/',
      foaf: 'http://xmlns.com/foaf/0.1/',
      skos: 'http://www.w3.org/2004/02/skos/core#',
      xsd: 'http://www.w3.org/2001/XMLSchema#',
    },
    '@id': `${origin}/public/catalogue.jsonld#catalogue`,
    '@type': 'dcat:Catalog',
    'dct:title': text('Public-service performance'),
    'dct:description': text(
      'Satisfaction, completion, digital take-up and cost of public services, with the method of each figure.',
    ),
    'dct:publisher': { '@id': `${origin}/#publisher`, '@type': 'foaf:Agent', 'foaf:name': origin.replace(/^https?:\/\//, '') },
    'dct:language': language('en'),
    'foaf:homepage': { '@id': `${origin}/`, '@type': 'foaf:Document' },
    'dcat:themeTaxonomy': {
      '@id': `${EU}/data-theme`,
      '@type': 'skos:ConceptScheme',
      'dct:title': text('Data theme'),
    },
    ...(modified && { 'dct:modified': date(modified) }),
    'dcat:dataset': entries.map((one) => datasetOf(origin, one)),
  };
}

const text = (value: string) => ({ '@value': value, '@language': 'en' });
// A value of a controlled vocabulary of the EU.
const controlled = (table: string, code: string, type: string) => ({
  '@id': `${EU}/${table}/${code}`,
  '@type': type,
  'skos:inScheme': { '@id': `${EU}/${table}` },
});
const language = (locale: string) => controlled('language', LANGUAGES[locale] ?? 'ENG', 'dct:LinguisticSystem');

function datasetOf(origin: string, entry: CatalogueEntry): object {
  const { tenant, tenant_name, service, service_name, locales, first_period, last_period, issued, modified } = entry;
  const page = `${origin}/public/performance/${tenant}/${service}`;
  return {
    '@id': `${page}#dataset`,
    '@type': 'dcat:Dataset',
    'dct:title': text(`Performance of ${service_name}`),
    'dct:description': text(
      `User satisfaction, completion rates, digital take-up and cost per transaction of ${service_name}, by month and quarter, from ${first_period} to ${last_period}.`,
    ),
    'dct:identifier': `${tenant}/${service}`,
    'dct:publisher': { '@id': `${origin}/#${tenant}`, '@type': 'foaf:Agent', 'foaf:name': tenant_name },
    'dct:issued': date(issued),
    'dct:modified': date(modified),
    'dct:language': locales.map(language),
    'dct:accessRights': controlled('access-right', 'PUBLIC', 'dct:RightsStatement'),
    'dct:accrualPeriodicity': controlled('frequency', 'MONTHLY', 'dct:Frequency'),
    'dct:temporal': {
      '@type': 'dct:PeriodOfTime',
      'dcat:startDate': { '@value': first_period.slice(0, 4), '@type': 'xsd:gYear' },
      'dcat:endDate': { '@value': last_period.slice(0, 4), '@type': 'xsd:gYear' },
    },
    'dcat:theme': {
      ...controlled('data-theme', 'GOVE', 'skos:Concept'),
      'skos:prefLabel': text('Government and public sector'),
    },
    'dcat:keyword': ['user satisfaction', 'completion rate', 'digital take-up', 'cost per transaction'].map(text),
    'dcat:landingPage': { '@id': page, '@type': 'foaf:Document' },
    'dcat:distribution': [
      distribution(page, 'CSV', 'text/csv', 'http://www.w3.org/TR/tabular-metadata/'),
      distribution(page, 'JSON', 'application/json'),
    ],
  };
}

function distribution(page: string, name: 'CSV' | 'JSON', type: string, standard?: string): object {
  const url = `${page}.${name.toLowerCase()}`;
  return {
    '@id': `${url}#distribution`,
    '@type': 'dcat:Distribution',
    'dct:title': text(name),
    'dcat:accessURL': { '@id': url },
    'dcat:downloadURL': { '@id': url },
    'dct:format': controlled('file-type', name, 'dct:MediaTypeOrExtent'),
    'dcat:mediaType': { '@id': `http://www.iana.org/assignments/media-types/${type}`, '@type': 'dct:MediaType' },
    ...(standard && { 'dct:conformsTo': { '@id': standard, '@type': 'dct:Standard' } }),
  };
}
