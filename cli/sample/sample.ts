import { v5 as uuidv5 } from 'uuid';
import { createRandom, type Random } from './random.ts';

/** One event of the sample, as it is sent. */
export type SampleEvent = {
  specversion: '1.0';
  id: string;
  source: string;
  type: string;
  time: string;
  subject: string;
  data: Record<string, unknown>;
};

type Marketplace = { share: number; errorRate: number; medianMs: number; rules: Record<string, number> };

/** Days that the sample covers: a month, the month before for comparison, and some more. */
export const SAMPLE_DAYS = 70;
const HOUR_MS = 3_600_000;
const NAMESPACE = '5f0c8b64-1f0e-4b58-9d3e-6c1f5a1d2e77';
const VALIDATIONS_PER_HOUR = 24;
// Late events in the last two hours would look like a wrong clock to the data quality checks.
const QUIET_MS = 2 * HOUR_MS;
// Brazil has had this offset all year round since 2019.
const SAO_PAULO_MS = -3 * HOUR_MS;

const MARKETPLACES: Record<string, Marketplace> = {
  'mercado-livre': {
    share: 34,
    errorRate: 0.021,
    medianMs: 380,
    rules: { 'gtin-invalid': 5, 'title-too-long': 6, 'image-missing': 3, 'category-unknown': 2, 'price-zero': 1 },
  },
  'amazon-br': {
    share: 22,
    errorRate: 0.034,
    medianMs: 520,
    rules: { 'gtin-invalid': 7, 'brand-missing': 4, 'image-too-small': 3, 'bullet-points-missing': 3, 'ncm-missing': 2 },
  },
  magalu: {
    share: 18,
    errorRate: 0.028,
    medianMs: 450,
    rules: { 'ncm-missing': 5, 'image-missing': 4, 'title-too-long': 2, 'weight-missing': 3, 'price-zero': 1 },
  },
  shopee: {
    share: 15,
    errorRate: 0.045,
    medianMs: 310,
    rules: { 'title-too-long': 6, 'image-missing': 5, 'price-zero': 2, 'stock-negative': 2, 'description-too-short': 3 },
  },
  americanas: {
    share: 7,
    errorRate: 0.038,
    medianMs: 610,
    rules: { 'gtin-invalid': 4, 'ncm-missing': 4, 'category-unknown': 3, 'weight-missing': 2 },
  },
  via: {
    share: 4,
    errorRate: 0.031,
    medianMs: 680,
    rules: { 'ncm-missing': 4, 'gtin-invalid': 3, 'voltage-missing': 4, 'image-too-small': 2 },
  },
};
const SHARES = Object.fromEntries(Object.entries(MARKETPLACES).map(([name, { share }]) => [name, share]));
const HOUR_WEIGHTS = [2, 1, 1, 1, 1, 2, 5, 14, 40, 78, 100, 92, 58, 72, 95, 98, 88, 70, 44, 30, 24, 18, 10, 5];
const DAY_WEIGHTS = [0.22, 1.12, 1.08, 1.04, 1, 0.9, 0.4];

/**
 * Ten weeks of telemetry of a catalogue checker, ending two hours before `endsAt`: the same events for the same end, oldest
 * first. It has a daily and a weekly rhythm, slow growth, and an afternoon nine days before its end on which Amazon changed
 * its template.
 */
export function sampleEvents(endsAt: Date): SampleEvent[] {
  const random = createRandom(20_251_121);
  const events: SampleEvent[] = [];
  const end = endsAt.getTime() - QUIET_MS;

  function add(time: number, type: string, subject: string, data: Record<string, unknown>): void {
    const id = uuidv5(`${end}/${events.length}`, NAMESPACE);
    const at = new Date(Math.round(time)).toISOString();
    if (time <= end) events.push({ specversion: '1.0', id, source: 'validahub', type, time: at, subject, data });
  }

  for (let hour = end - SAMPLE_DAYS * 24 * HOUR_MS; hour < end; hour += HOUR_MS) {
    const local = new Date(hour + SAO_PAULO_MS);
    const rhythm = ((HOUR_WEIGHTS[local.getUTCHours()] as number) / 40) * (DAY_WEIGHTS[local.getUTCDay()] as number);
    const growth = 0.9 + (0.2 * (hour - end + SAMPLE_DAYS * 24 * HOUR_MS)) / (SAMPLE_DAYS * 24 * HOUR_MS);
    const count = random.poisson(VALIDATIONS_PER_HOUR * rhythm * growth);
    for (let n = 0; n < count; n++) addValidation(random, end, hour + random.next() * HOUR_MS, add);
  }
  return events.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
}

type Add = (time: number, type: string, subject: string, data: Record<string, unknown>) => void;

// The consequences of a validation follow at once: corrections, a download, sometimes a failed job.
function addValidation(random: Random, end: number, time: number, add: Add): void {
  const marketplace = random.pick(SHARES);
  const { errorRate, medianMs, rules: weights } = MARKETPLACES[marketplace] as Marketplace;
  const incident = marketplace === 'amazon-br' && isIncident(time, end);
  const catalogue = `catalogue-${String(1 + Math.floor(random.next() ** 2 * 240)).padStart(3, '0')}`;
  const rows = Math.min(20_000, Math.max(1, Math.round(random.logNormal(180, 1.1))));
  const rate = Math.min(0.9, errorRate * random.logNormal(1, 0.6) * (incident ? 8 : 1));
  const errors = Math.min(rows, random.poisson(rows * rate));
  const warnings = random.poisson(rows * rate * 0.7);
  const rules: Record<string, number> = {};
  // Above a few dozen, drawing each error separately changes nothing that a chart shows.
  const draws = Math.min(errors + warnings, 40);
  for (let n = 0; n < draws; n++) {
    const rule = random.pick(incident ? { ...weights, 'template-outdated': 30 } : weights);
    rules[rule] = (rules[rule] ?? 0) + Math.ceil((errors + warnings) / 40);
  }
  const duration = random.logNormal(medianMs * (incident ? 3 : 1), 0.45) + rows * 0.35;
  const outcome = errors > rows * 0.08 ? 'failure' : 'success';
  const duration_ms = Math.round(duration * 10) / 10;
  add(time, 'br.validahub.validation.completed.v1', catalogue, {
    marketplace,
    rows,
    errors,
    warnings,
    duration_ms,
    outcome,
    rules,
  });

  if (random.next() < (incident ? 0.06 : 0.004)) {
    const reason = incident
      ? 'template-mismatch'
      : random.pick({ timeout: 3, 'file-unreadable': 2, 'upstream-unavailable': 1 });
    const data = { marketplace, job: 'validate-catalogue', reason, outcome: 'failure' };
    add(time + duration, 'br.validahub.job.failed.v1', catalogue, data);
  }
  let later = time + 60_000;
  for (const [rule, hits] of Object.entries(rules)) {
    if (random.next() > 0.3) continue;
    later += random.logNormal(90_000, 0.7);
    add(later, 'br.validahub.correction.applied.v1', catalogue, { marketplace, rule, rows: Math.ceil(hits * random.next()) });
  }
  if (random.next() < 0.16) {
    const format = random.pick({ csv: 3, xlsx: 2 });
    const ms = Math.round(random.logNormal(220, 0.6) + rows * 0.05);
    const data = { marketplace, format, rows, duration_ms: ms, outcome: 'success' };
    add(later + random.logNormal(120_000, 0.6), 'br.validahub.export.downloaded.v1', catalogue, data);
  }
}

// Nine days before the end, from 13:00 in São Paulo, for four and a half hours.
function isIncident(time: number, end: number): boolean {
  const day = Math.floor((end + SAO_PAULO_MS) / (24 * HOUR_MS)) - 9;
  const start = day * 24 * HOUR_MS + 13 * HOUR_MS - SAO_PAULO_MS;
  return time >= start && time < start + 4.5 * HOUR_MS;
}
