import { z } from 'zod';
import { didYouMean } from '../../lib/input-faults.ts';
import { instantOf, shownInstant } from '../../lib/time.ts';
import { findMetric, METRICS } from '../../sql/metrics/catalogue.ts';
import { MAX_ROWS, type MetricAnswer, type MetricRow, type Question, readMetric } from '../../sql/metrics/metrics.ts';
import { ceil, floor, HOUR, INTERVALS } from '../../sql/metrics/windows.ts';
import { sendCsv, wantsCsv } from '../http/csv.ts';
import type { Deps } from '../http/deps.ts';
import { mapInSlices } from '../http/json-text.ts';
import { invalidRequest, notFound } from '../http/problems.ts';
import { route } from '../http/route.ts';
import type { Api } from '../http/types.ts';
import { isSlow } from './cost.ts';
import { metricQuery, readQuestion } from './query.ts';
import { restatement } from './restatements-routes.ts';
import { metricSpecs } from './spec.ts';

const catalogue = z.object({
  data: z.array(
    z.object({
      name: z.string(),
      unit: z.string(),
      description: z.string(),
      dimensions: z.array(z.string()),
      intervals: z.array(z.enum(INTERVALS)),
    }),
  ),
});

const figures = z.object({
  metric: z.string(),
  unit: z.string(),
  interval: z.enum(INTERVALS),
  timezone: z.string(),
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  watermark: z.iso.datetime().meta({ description: 'Up to when every acknowledged event is counted.' }),
  restated: z.object({ count: z.number().int(), latest: z.iso.datetime().nullable() }).meta({
    description:
      'How often days of the window, in UTC, were changed by late events or erasures after they had ended, and when last.',
  }),
  restatements: z.array(restatement).meta({ description: 'The latest twenty of them; `GET /v1/restatements` lists all.' }),
  data: z.array(z.object({ bucket: z.iso.datetime(), value: z.number().nullable() }).catchall(z.string().nullable())),
});

/** The calls that return metrics. */
export function mountMetrics(api: Api, deps: Deps): void {
  route(
    api,
    deps,
    {
      ...metricSpecs.list,
      method: 'get',
      path: '/v1/metrics',
      scopes: ['read'],
      query: z.strictObject({}),
      status: 200,
      answer: catalogue,
    },
    async () => ({
      body: {
        data: METRICS.map(({ name, unit, description, dims }) => ({
          name,
          unit,
          description,
          dimensions: dims,
          intervals: INTERVALS,
        })),
      },
    }),
  );

  route(
    api,
    deps,
    {
      ...metricSpecs.read,
      method: 'get',
      path: '/v1/metrics/:name',
      scopes: ['read'],
      params: z.object({ name: z.string() }),
      query: metricQuery,
      status: 200,
      answer: figures,
      produces: ['text/csv'],
    },
    async ({ identity, params, request, response }) => {
      const metric = findMetric(params.name);
      if (!metric)
        throw notFound(
          'metric',
          `GET /v1/metrics lists all metrics.${didYouMean(
            params.name,
            METRICS.map(({ name }) => name),
          )}`,
        );
      const question = readQuestion(metric, request.query, identity.timezone, Date.now());
      const { metric: _, ...asked } = question;
      const shared = {
        question: `${metric.name} ${JSON.stringify(asked)}`,
        isSlow: isSlow(question.window, question.interval, question.groupBy.length),
      };
      const found = await deps.answers.share(identity.tenantId, shared, () =>
        readMetric(deps.pool, identity.tenantId, question),
      );
      refuseIncomplete(question, found);
      if (wantsCsv(request)) {
        const columns = ['bucket', ...question.groupBy, 'value'];
        const cellsOf = ({ bucket, dims, value }: MetricRow) => [bucket.toISOString(), ...dims, value];
        await sendCsv(response, fileName(question), columns, found.rows, cellsOf);
        return undefined;
      }
      return { body: await answer(question, found), headers: { vary: 'Accept' } };
    },
  );
}

// Refuses an answer that would be incomplete.
function refuseIncomplete({ window }: Question, { rawSince, hoursSince, rows }: MetricAnswer): void {
  if (rows.length > MAX_ROWS) {
    const detail = `The answer has more than ${MAX_ROWS} rows. Set a limit, or use fewer groups, a wider interval or a shorter window.`;
    throw invalidRequest([{ pointer: '/group_by', code: 'too-many-rows', detail }]);
  }
  if (hoursSince) {
    const detail = `Before ${hoursSince.toISOString()} only daily values (UTC) are kept. Use a later \`from\`, or whole UTC days with \`interval=total\`.`;
    throw invalidRequest([{ pointer: '/from', code: 'hours-not-kept', detail }]);
  }
  if (!rawSince) return;
  const since = rawSince.getTime() * 1000;
  const detail = `Before ${rawSince.toISOString()} only hourly values are kept. Use a whole hour.`;
  const gone = { from: floor(window.from, HOUR) !== window.from, to: ceil(window.to, HOUR) !== window.to };
  const starts = { from: window.from, to: Math.max(window.from, floor(window.to, HOUR)) };
  const faults = (['from', 'to'] as const)
    .filter((name) => gone[name] && starts[name] < since)
    .map((name) => ({ pointer: `/${name}`, code: 'part-of-hour-not-kept', detail }));
  if (faults.length > 0) throw invalidRequest(faults);
}

async function answer({ metric, window, interval, zone, groupBy }: Question, { watermark, rows, restated }: MetricAnswer) {
  const { restatements, ...times } = restated;
  return {
    metric: metric.name,
    unit: metric.unit,
    interval,
    timezone: zone,
    from: shownInstant(instantOf(window.from)),
    to: shownInstant(instantOf(window.to)),
    watermark,
    restated: times,
    restatements,
    data: await mapInSlices(rows, ({ bucket, dims, value }) => ({
      bucket,
      ...Object.fromEntries(groupBy.map((dim, index) => [dim, dims[index]])),
      value,
    })),
  };
}

function fileName({ metric, window, interval }: Question): string {
  const [from, to] = [window.from, window.to].map((at) => instantOf(at).replace(/\..*$/, 'Z').replaceAll(':', ''));
  return `${metric.name}_${interval}_${from}_${to}.csv`;
}
