import { type Pool, withTenant } from '../database/db.ts';
import type { Metric } from './catalogue.ts';
import { type Restated, readRestated } from './restatements.ts';
import { SOURCES } from './sources.ts';
import { valuesQuery } from './values.ts';
import { bucketStarts, type Interval, type Pieces, split, timestamp, type Window } from './windows.ts';

export type Question = {
  metric: Metric;
  window: Window;
  interval: Interval;
  /** IANA name of the zone that days, weeks and months are counted in. */
  zone: string;
  groupBy: readonly string[];
  /** Accepted values of each dimension, at least one. Null: not set. */
  filters: readonly { dim: string; values: readonly (string | null)[] }[];
  /** Keep only the top N groups per bucket. */
  limit?: number | undefined;
};

export type MetricRow = { bucket: Date; dims: (string | null)[]; value: number | null };

export type MetricAnswer = {
  /** The time up to which every acknowledged event is counted. */
  watermark: Date;
  /** Since when raw events are available. Null if none has left, or if the window's edges are whole hours. */
  rawSince: Date | null;
  /** Since when hours are available, if the window needs earlier hours of days that are still available. */
  hoursSince: Date | null;
  rows: MetricRow[];
  restated: Restated;
};

/** Maximum rows of an answer. One that has more returns MAX_ROWS + 1 rows. */
export const MAX_ROWS = 20_000;

/** Answers one question about one tenant, in one statement. Ungrouped, every bucket of the window has one row, in order. */
export async function readMetric(pool: Pool, tenantId: string, question: Question): Promise<MetricAnswer> {
  const starts = bucketStarts(question.window, question.interval, question.zone);
  const statement = build(question, starts);
  const { window, metric } = question;
  const { result, restated } = await withTenant(pool, tenantId, async (client) => ({
    result: await client.query<unknown[]>({ text: statement.text, values: statement.values, rowMode: 'array' }),
    restated: await readRestated(client, metric.source, timestamp(window.from), timestamp(window.to)),
  }));
  const [watermark, rawSince, hourly, daily] = result.rows[0] as [Date, Date | null, Date | null, Date | null];
  const hoursSince = hourly && needsHoursWithin(split(window, starts), daily, hourly) ? hourly : null;
  const rows = result.rows.filter((row) => row[I] !== null).map((row) => rowOf(row, starts));
  return {
    watermark,
    rawSince,
    hoursSince,
    rows: question.groupBy.length > 0 ? rows : filled(rows, metric, starts),
    restated,
  };
}

/** Number of columns before the bucket's index, which the value and the dimensions follow. */
const I = 4;

// True if retention has dropped hours of days that are still available.
function needsHoursWithin({ hours, listed, moved }: Pieces, daily: Date | null, hourly: Date): boolean {
  const left = { from: daily ? daily.getTime() * 1000 : 0, to: hourly.getTime() * 1000 };
  const isLeft = (hour: number) => hour >= left.from && hour < left.to;
  const spans = hours !== undefined && Math.max(hours.from, left.from) < Math.min(hours.to, left.to);
  return spans || listed.some(isLeft) || moved.some(isLeft);
}

function rowOf(row: unknown[], starts: number[]): MetricRow {
  return {
    bucket: dateOf(starts[(row[I] as number) - 1] as number),
    dims: row.slice(I + 2) as (string | null)[],
    value: row[I + 1] as number | null,
  };
}

function filled(rows: MetricRow[], metric: Metric, starts: number[]): MetricRow[] {
  const found = new Map(rows.map((row) => [row.bucket.getTime(), row]));
  return starts.map((start) => {
    const bucket = dateOf(start);
    return found.get(bucket.getTime()) ?? { bucket, dims: [], value: metric.empty };
  });
}

const dateOf = (at: number) => new Date(Math.floor(at / 1000));

function build(question: Question, starts: number[]): { text: string; values: unknown[] } {
  const values: unknown[] = [];
  const param = (value: unknown, type: string) => `$${values.push(value)}::${type}`;
  const pieces = split(question.window, starts);
  const dims = question.groupBy.map((dim) => `, ${dim}`).join('');
  const parts = partsOf(question, pieces, starts, param);
  const place =
    question.limit === undefined ? '' : `, row_number() over (partition by i order by value desc nulls last${dims}) as place`;
  const within = question.limit === undefined ? 'true' : `d.place <= ${param(question.limit, 'bigint')}`;
  const rawSince = pieces.raw.length > 0 ? 'door.raw_since()' : 'null::timestamptz';
  const order = question.metric.greatestFirst || question.limit !== undefined ? 'd.value desc nulls last, ' : '';
  const under =
    pieces.days && pieces.moved.length > 0
      ? `with under_way as materialized (
        select days, array(select d + h * interval '1 hour' from unnest(days) d, generate_series(0, 23) h) as hours
        from door.days_under_way(${param(timestamp(pieces.days.from), 'timestamptz')}, ${param(timestamp(pieces.days.to), 'timestamptz')}) days
    )`
      : '';
  const text = `${under}
    select k.watermark, k.raw_since, k.hours_since, k.days_since, d.i, d.value${question.groupBy.map((dim) => `, d.${dim}`).join('')}
    from (select door.watermark('${question.metric.source}') as watermark, ${rawSince} as raw_since,
        door.rollup_since('${question.metric.source}_hourly') as hours_since, door.rollup_since('${question.metric.source}_daily') as days_since) k
    left join (select i, value${dims}${place} from (${valuesQuery(question.metric, ['i', ...question.groupBy], parts)}) v) d on ${within}
    order by d.i, ${order}${[...question.groupBy.map((dim) => `d.${dim}`), 'd.value'].join(', ')}
    limit ${MAX_ROWS + 1}`;
  return { text, values };
}

type Param = (value: unknown, type: string) => string;

function partsOf(question: Question, pieces: Pieces, starts: number[], param: Param): string {
  const { metric, groupBy, filters } = question;
  const source = SOURCES[metric.source];
  const thresholds = param(starts.map(timestamp), 'timestamptz[]');
  const bucketOf = (time: string) => `width_bucket(${time}, ${thresholds})`;
  const plain = [...new Set([...groupBy, ...(metric.also ?? [])])];
  // Summed as doubles, which are exact to 2^53 and cannot overflow. Sums of bigint would be slow numerics.
  const sums = [...new Set([source.count, ...metric.sums])];
  const columns = (i: string, factor = '') =>
    [`${i} as i`, ...plain, ...sums.map((column) => `${column}::double precision${factor} as ${column}`)].join(', ');
  const only = filters.map((filter) => ` and ${matches(filter, param)}`).join('');
  const span = ({ from, to }: Window) =>
    `bucket >= ${param(timestamp(from), 'timestamptz')} and bucket < ${param(timestamp(to), 'timestamptz')}`;
  const list = (times: number[]) => param(times.map(timestamp), 'timestamptz[]');

  const spans = [...pieces.raw.map((window) => ({ relation: source.raw, window }))] as { relation: string; window: Window }[];
  if (pieces.hours) spans.push({ relation: source.hourly, window: pieces.hours });
  const parts = spans.map(
    ({ relation, window }) => `select ${columns(bucketOf('bucket'))} from ${relation} r where ${span(window)}${only}`,
  );
  // If a day's hours may be newer than the day itself, its hours are read instead. Otherwise the moved hours would differ from
  // what the day holds of them.
  const settled = pieces.moved.length > 0 ? ' and bucket <> all ((select days from under_way)::timestamptz[])' : '';
  if (pieces.days) {
    parts.push(
      `select ${columns(bucketOf(noon('bucket')))} from ${source.daily} r where ${span(pieces.days)}${settled}${only}`,
    );
  }
  if (pieces.moved.length > 0) {
    const hours = '((select hours from under_way)::timestamptz[])';
    parts.push(`select ${columns(bucketOf('bucket'))} from ${source.hourly} r where bucket = any ${hours}${only}`);
    const i = `case sign when 1 then ${bucketOf('bucket')} else ${bucketOf(noon("date_bin('1 day', bucket, 'epoch')"))} end`;
    parts.push(`select ${columns(i, ' * sign')} from ${source.hourly} r cross join (values (1), (-1)) s (sign)
      where bucket = any (${list([...pieces.listed, ...pieces.moved])}) and (sign = 1 or bucket = any (${list(pieces.moved)}))
        and bucket <> all ${hours}${only}`);
  } else if (pieces.listed.length > 0) {
    parts.push(
      `select ${columns(bucketOf('bucket'))} from ${source.hourly} r where bucket = any (${list(pieces.listed)})${only}`,
    );
  }
  return parts.join('\nunion all\n');
}

// One value is compared directly, so that its plan does not depend on how lists are planned.
function matches({ dim, values }: Question['filters'][number], param: Param): string {
  const texts = values.filter((value) => value !== null);
  if (texts.length === 0) return `${dim} is null`;
  const listed = texts.length === 1 ? `${dim} = ${param(texts[0], 'text')}` : `${dim} = any (${param(texts, 'text[]')})`;
  return texts.length === values.length ? listed : `(${dim} is null or ${listed})`;
}

const noon = (day: string) => `${day} + interval '12 hours'`;
