export type QualityText = { en: string; 'pt-BR': string };

/** One question about the data that a tenant sent on a day. Greater is worse. */
export type Check = {
  name: string;
  title: QualityText;
  description: QualityText;
  /** Unit of `value`: a share from 0 to 1, or hours. */
  unit: 'ratio' | 'hours';
  /** Warns above `warn`, fails above `fail`. */
  warn: number;
  fail: number;
  /** Its weight in the day's score. */
  weight: number;
  /** Checks only the latest hours, so the worst value of the day is kept. */
  live?: true;
  /** Returns tenant_id and value. $1 and $2 are the start of a UTC day and its end or now. Null, or no row: unknown. */
  sql: string;
};

// Rows still on the ledger already belong to the receipts.
const RECEIPTS = `(
    select tenant_id, hour, accepted, duplicates, quarantined from private.receipts
    union all
    select tenant_id, hour, events, duplicates, quarantined from private.dirty_hours where tenant_id is not null
) r`;

/** Types whose events usually had a field in the week before, so that its absence is unexpected. */
const usually = (having: string, events: string) => `
    select tenant_id, type from ${events} u where bucket >= $1 - interval '7 days' and bucket < $1
    group by 1, 2 having ${having}`;

const BY_DURATION = `(
    select tenant_id, bucket, type, events, 0 as timed from private.events_daily
    union all
    select tenant_id, bucket, type, 0, events from private.latency_daily
)`;

/** The checks. To add one, add an entry here. */
export const CHECKS: readonly Check[] = [
  {
    name: 'freshness',
    title: { en: 'Freshness', 'pt-BR': 'Atualidade' },
    description: {
      en: 'Hours without an event, up to now or to the end of the day.',
      'pt-BR': 'Horas sem nenhum evento, até agora ou até o fim do dia.',
    },
    unit: 'hours',
    warn: 6,
    fail: 23,
    weight: 2,
    sql: `select tenant_id, greatest(0, extract(epoch from $2 - (max(hour) + interval '1 hour')) / 3600) as value
          from ${RECEIPTS} where accepted > 0 and hour >= $1 - interval '28 days' and hour < $2 group by 1`,
  },
  {
    name: 'completeness',
    title: { en: 'Completeness', 'pt-BR': 'Completude' },
    description: {
      en: 'Share of the events with a receipt that metrics miss or count more than once.',
      'pt-BR': 'Parcela dos eventos com recibo que faltam nas métricas ou são contados mais de uma vez.',
    },
    unit: 'ratio',
    warn: 0,
    fail: 0.001,
    weight: 3,
    // Rows on the ledger may or may not be in the metrics yet.
    sql: `select tenant_id, greatest(sum(low) - sum(found), sum(found) - sum(high), 0) / nullif(sum(high), 0) as value
          from (
              select tenant_id, accepted as low, accepted as high, 0 as found from private.receipts where hour >= $1 and hour < $1 + interval '1 day'
              union all
              select tenant_id, least(events, 0), greatest(events, 0), 0 from private.dirty_hours
              where tenant_id is not null and hour >= $1 and hour < $1 + interval '1 day'
              union all
              select tenant_id, 0, 0, events from private.events_daily where bucket = $1
          ) sides group by 1`,
  },
  {
    name: 'volume',
    title: { en: 'Volume', 'pt-BR': 'Volume' },
    description: {
      en: 'Deviation of the number of events from the average of the same hours in the previous four weeks: 0.5 is half or double.',
      'pt-BR':
        'Quanto o número de eventos se afasta da média das mesmas horas nas quatro semanas anteriores: 0,5 é metade ou o dobro.',
    },
    unit: 'ratio',
    warn: 0.5,
    fail: 0.9,
    weight: 2,
    // Whole hours only. Fewer than 50 events are not enough, nor is a single week.
    sql: `select tenant_id, case when count(*) filter (where week > 0) >= 2
                  and avg(events) filter (where week > 0) >= 50
              then abs(coalesce(max(events) filter (where week = 0), 0) - avg(events) filter (where week > 0))
                  / greatest(max(events) filter (where week = 0), avg(events) filter (where week > 0)) end as value
          from (
              select r.tenant_id, w.week, sum(r.accepted) as events
              from generate_series(0, 4) w (week), ${RECEIPTS}
              where r.hour >= $1 - w.week * interval '7 days'
                  and r.hour < date_trunc('hour', $2, 'UTC') - w.week * interval '7 days'
              group by 1, 2 having sum(r.accepted) > 0
          ) weeks group by 1`,
  },
  {
    name: 'schema',
    title: { en: 'Schema violations', 'pt-BR': 'Violações de esquema' },
    description: {
      en: 'Share of the events received on that day that did not match the schema of their type.',
      'pt-BR': 'Parcela dos eventos recebidos no dia que não obedecem ao esquema do seu tipo.',
    },
    unit: 'ratio',
    warn: 0.001,
    fail: 0.05,
    weight: 2,
    sql: `select r.tenant_id, coalesce(sum(q.n), 0) / nullif(sum(r.events) + coalesce(sum(q.n), 0), 0) as value
          from (select tenant_id, sum(accepted) as events from ${RECEIPTS} where hour >= $1 and hour < $1 + interval '1 day' group by 1) r
              left join lateral (select count(*) as n from private.quarantine q where q.tenant_id = r.tenant_id and q.received_at >= $1
                  and q.received_at < $2 and q.code = 'schema-mismatch') q on true
          group by 1`,
  },
  {
    name: 'duplicates',
    title: { en: 'Duplicates', 'pt-BR': 'Duplicados' },
    description: {
      en: 'Share of the events of that day that were duplicates.',
      'pt-BR': 'Parcela dos eventos do dia que já estavam armazenados.',
    },
    unit: 'ratio',
    warn: 0.05,
    fail: 0.5,
    weight: 1,
    sql: `select tenant_id, sum(duplicates)::float8 / nullif(sum(accepted) + sum(duplicates), 0) as value
          from ${RECEIPTS} where hour >= $1 and hour < $1 + interval '1 day' group by 1`,
  },
  {
    name: 'clock',
    title: { en: 'Clock skew', 'pt-BR': 'Desvio de relógio' },
    description: {
      en: 'Share of the events of the last two hours whose time is more than 1 minute after or 15 minutes before their arrival.',
      'pt-BR':
        'Parcela dos eventos das últimas duas horas cuja hora está mais de um minuto à frente da chegada, ou mais de quinze atrás.',
    },
    unit: 'ratio',
    warn: 0.01,
    fail: 0.2,
    weight: 1,
    live: true,
    sql: `select tenant_id, avg(case when time - received_at > interval '1 minute' or received_at - time > interval '15 minutes' then 1 else 0 end) as value
          from private.events where time >= $2 - interval '2 hours' and time < $2 + interval '15 minutes' and time >= $1 group by 1`,
  },
  {
    name: 'outcome',
    title: { en: 'Missing outcome', 'pt-BR': 'Resultado ausente' },
    description: {
      en: 'Share of the events without an outcome, among types that usually had one in the previous week.',
      'pt-BR': 'Parcela dos eventos sem resultado, entre os tipos que quase sempre o tiveram na semana anterior.',
    },
    unit: 'ratio',
    warn: 0.05,
    fail: 0.5,
    weight: 1,
    sql: `select tenant_id, coalesce(sum(events) filter (where outcome is null), 0) / sum(events) as value
          from private.events_daily join (${usually('sum(events) filter (where outcome is not null) > 0.5 * sum(events)', 'private.events_daily')}) t
              using (tenant_id, type)
          where bucket = $1 group by 1`,
  },
  {
    name: 'duration',
    title: { en: 'Missing duration', 'pt-BR': 'Duração ausente' },
    description: {
      en: 'Share of the events without data.duration_ms, among types that usually had one in the previous week.',
      'pt-BR': 'Parcela dos eventos sem data.duration_ms, entre os tipos que quase sempre a tiveram na semana anterior.',
    },
    unit: 'ratio',
    warn: 0.05,
    fail: 0.5,
    weight: 1,
    sql: `select tenant_id, 1 - sum(timed) / nullif(sum(events), 0) as value
          from ${BY_DURATION} d join (${usually('sum(timed) > 0.5 * sum(events)', BY_DURATION)}) t using (tenant_id, type)
          where bucket = $1 group by 1`,
  },
  {
    name: 'outliers',
    title: { en: 'Outliers', 'pt-BR': 'Valores extremos' },
    description: {
      en: 'Share of the durations above three times the 99.9th percentile of their type in the previous week.',
      'pt-BR': 'Parcela das durações acima de três vezes o percentil 99,9 que o tipo teve na semana anterior.',
    },
    unit: 'ratio',
    warn: 0.001,
    fail: 0.05,
    weight: 1,
    // Bins are logarithmic: three times as long is 28 bins further.
    sql: `select d.tenant_id, coalesce(sum(d.events) filter (where d.bin > w.bin + 28), 0) / sum(d.events) as value
          from private.latency_daily d join (
              select tenant_id, type, min(bin) filter (where reached >= 0.999 * events) as bin
              from (
                  select tenant_id, type, bin, sum(sum(events)) over (partition by tenant_id, type order by bin) as reached,
                      sum(sum(events)) over (partition by tenant_id, type) as events
                  from private.latency_daily where bucket >= $1 - interval '7 days' and bucket < $1 group by 1, 2, 3
              ) b where events >= 1000 group by 1, 2
          ) w using (tenant_id, type)
          where d.bucket = $1 group by 1`,
  },
];
