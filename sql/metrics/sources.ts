/**
 * Where a metric's values come from: a pair of roll-ups and, for parts of hours, the raw rows with the roll-ups' columns (their
 * expressions are in sql/migrations/0004-rollups.sql and must return the same). `count` is the column that is greater than 0
 * wherever there are events.
 */
export type RollupSource = { count: string; hourly: string; daily: string; raw: string };

const ROUTE = "case when type = 'mirante.http.request.v1' then left(data ->> 'route', 200) end as route";
const MARKETPLACE = "left(data ->> 'marketplace', 200) as marketplace";

export const SOURCES = {
  events: {
    count: 'events',
    hourly: 'app.events_hourly',
    daily: 'app.events_daily',
    raw: `(select time as bucket, type, outcome, ${ROUTE}, 1 as events, bytes from app.events)`,
  },
  latency: {
    count: 'events',
    hourly: 'app.latency_hourly',
    daily: 'app.latency_daily',
    raw: `(select time as bucket, type, ${ROUTE}, private.latency_bin(duration_ms) as bin, 1 as events
      from app.events where duration_ms is not null)`,
  },
  validations: {
    count: 'validations',
    hourly: 'app.validations_hourly',
    daily: 'app.validations_daily',
    raw: `(select time as bucket, ${MARKETPLACE}, outcome, 1 as validations,
        private.sane_count(data -> 'rows') as rows, private.sane_count(data -> 'errors') as errors
      from app.events where type = 'br.validahub.validation.completed.v1')`,
  },
  rules: {
    count: 'validations',
    hourly: 'app.rules_hourly',
    daily: 'app.rules_daily',
    raw: '(select time as bucket, marketplace, rule, hits, 1 as validations from app.rule_hits)',
  },
  corrections: {
    count: 'corrections',
    hourly: 'app.corrections_hourly',
    daily: 'app.corrections_daily',
    raw: `(select time as bucket, ${MARKETPLACE}, left(data ->> 'rule', 200) as rule, 1 as corrections,
        private.sane_count(data -> 'rows') as rows
      from app.events where type = 'br.validahub.correction.applied.v1')`,
  },
} as const satisfies Record<string, RollupSource>;
