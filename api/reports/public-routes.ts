import type { Request } from 'express';
import { z } from 'zod';
import { type PublishedReport, publishedReports, publishedServices } from '../../sql/reports/published.ts';
import type { Deps } from '../http/deps.ts';
import { notFound } from '../http/problems.ts';
import { route } from '../http/route.ts';
import type { Api } from '../http/types.ts';
import { readerLocales, reportPage, setReportPolicy } from './page.ts';
import { reportPeriod } from './periods.ts';
import { type PublicPages, sendPublic } from './public-cache.ts';
import { catalogueOf, csvOf, csvwOf, jsonOf, newestOf } from './public-data.ts';
import { publicSpecs } from './public-spec.ts';
import { changesShape, measuresShape, methodShape, missingShape } from './report-shape.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
const LD_TYPE = 'application/ld+json; charset=utf-8';

const slug = z.string().max(100);
const service = z.object({
  tenant: slug.meta({ description: 'Slug of the tenant' }),
  service: slug.meta({ description: 'Slug of the service' }),
});
const one = service.extend({
  period: reportPeriod,
  revision: z.coerce.number().int().min(1).max(1_000_000).meta({ description: 'Number of the revision' }),
});

const period = z.string().meta({ description: 'Month, quarter or year' });
const revision = z.number().int().meta({ description: 'Number of the published revision of the period' });
const publishedAt = z.iso.datetime().meta({ description: 'When it was published' });

const answer = z.object({
  tenant: z.string().meta({ description: 'Slug of the tenant' }),
  tenant_name: z.string().meta({ description: 'Name of the organisation' }),
  service: z.string().meta({ description: 'Slug of the service' }),
  service_name: z.string().meta({ description: 'Name of the service' }),
  period,
  revision,
  published_at: publishedAt,
  completed_at: z.iso.datetime(),
  measures: measuresShape,
  method: methodShape,
  missing: missingShape,
  changes: changesShape,
  url: z.string(),
  revisions: z
    .array(z.object({ period, revision, published_at: publishedAt, url: z.string() }))
    .meta({ description: 'Every published revision of every period' }),
  periods: z
    .array(z.object({ period, revision, measures: measuresShape }))
    .meta({ description: 'The newest revision of each period' }),
});

type Params = { tenant: string; service: string; period?: string; revision?: number };
type Rendered = { type: string; body: string };

/** What everybody may read: the published reports of a service in four forms, each revision of them, and the catalogue. */
export function mountPublic(api: Api, deps: Deps, published: PublicPages): void {
  // Catalogues are harvested under one address, whichever name a reader used.
  const own = deps.config.API_URL?.replace(/\/$/, '');
  const originOf = (request: Request) => own ?? `${request.protocol}://${request.host}`;
  const forms: {
    form: 'page' | 'json' | 'csv' | 'csvw';
    suffix: string;
    render: (request: Request, shown: PublishedReport[], all: PublishedReport[]) => Rendered;
  }[] = [
    {
      form: 'csvw',
      // Where CSV on the Web looks for the metadata of a file. First, because the path of JSON matches it too.
      suffix: '.csv-metadata.json',
      render: (request, [shown]) => ({
        type: 'application/csvm+json; charset=utf-8',
        body: JSON.stringify(
          csvwOf(`${originOf(request)}${request.path.replace(/-metadata\.json$/, '')}`, shown as PublishedReport),
        ),
      }),
    },
    {
      form: 'json',
      suffix: '.json',
      render: (request, [shown], all) => ({
        type: JSON_TYPE,
        body: JSON.stringify(jsonOf(originOf(request), shown as PublishedReport, all)),
      }),
    },
    { form: 'csv', suffix: '.csv', render: (_, shown) => ({ type: 'text/csv; charset=utf-8', body: csvOf(shown) }) },
    {
      form: 'page',
      suffix: '',
      render: (request, [shown], all) => ({
        type: 'text/html; charset=utf-8',
        body: reportPage(deps.assets, readerLocales(request), shown as PublishedReport, all),
      }),
    },
  ];

  const send = async (
    request: Request,
    response: Parameters<typeof sendPublic>[1],
    { tenant, service: name, period, revision }: Params,
    { form, render }: (typeof forms)[number],
  ): Promise<undefined> => {
    const language = form === 'page' ? readerLocales(request).join() : '';
    const key = [form, originOf(request), tenant, name, period ?? '', revision ?? '', language].join(' ');
    const document = await published.get(key, async () => {
      const all = await publishedReports(deps.pool, tenant, name);
      const shown =
        period === undefined ? newestOf(all) : all.filter((report) => report.period === period && report.revision === revision);
      return shown.length > 0 ? render(request, shown, all) : undefined;
    });
    if (!document) throw notFound('published report');
    if (form === 'page') setReportPolicy(response);
    sendPublic(request, response, document);
    return undefined;
  };

  for (const kind of forms) {
    const spec = { method: 'get', scopes: [], status: 200 } as const;
    const says =
      kind.form === 'json'
        ? { answer }
        : { produces: [{ csv: 'text/csv', csvw: 'application/csvm+json', page: 'text/html' }[kind.form]] };
    const page = kind.form === 'page' ? ({ page: true } as const) : {};
    route(
      api,
      deps,
      {
        ...publicSpecs[kind.form],
        ...spec,
        ...says,
        ...page,
        path: `/public/performance/:tenant/:service${kind.suffix}`,
        params: service,
      },
      ({ params, request, response }) => send(request, response, params, kind),
    );
    route(
      api,
      deps,
      {
        ...publicSpecs[`${kind.form}_revision`],
        ...spec,
        ...says,
        ...page,
        path: `/public/performance/:tenant/:service/:period/:revision${kind.suffix}`,
        params: one,
      },
      ({ params, request, response }) => send(request, response, params, kind),
    );
  }

  route(
    api,
    deps,
    {
      ...publicSpecs.catalogue,
      method: 'get',
      path: '/public/catalogue.jsonld',
      scopes: [],
      status: 200,
      produces: ['application/ld+json'],
    },
    async ({ request, response }) => {
      const origin = originOf(request);
      const document = await published.get(`catalogue ${origin}`, async () => ({
        type: LD_TYPE,
        body: JSON.stringify(catalogueOf(origin, await publishedServices(deps.pool))),
      }));
      if (document) sendPublic(request, response, document);
      return undefined;
    },
  );
}
