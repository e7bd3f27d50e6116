import { describe, expect, it } from 'vitest';
import { EVENT_TYPES } from './event-types.ts';
import { type SampleEvent, sampleEvents } from './sample.ts';

const END = new Date('2026-11-21T14:00:00.000Z');
const HOUR_MS = 3_600_000;
const VALIDATION = 'br.validahub.validation.completed.v1';

describe('the sample data', () => {
  const events = sampleEvents(END);
  const validations = events.filter((event) => event.type === VALIDATION);

  it('is the same for the same end, so that sending it again stores nothing twice', () => {
    expect(JSON.stringify(sampleEvents(END)) === JSON.stringify(events)).toBe(true);
    expect(new Set(events.map((event) => event.id)).size).toBe(events.length);
  });

  it('has 60 to 80 thousand events of the last 70 days, oldest first, none after its end', () => {
    expect(events.length).toBeGreaterThan(60_000);
    expect(events.length).toBeLessThan(80_000);
    const times = events.map((event) => Date.parse(event.time));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times[0]).toBeGreaterThanOrEqual(END.getTime() - 71 * 24 * HOUR_MS);
    expect(times[0]).toBeLessThan(END.getTime() - 69 * 24 * HOUR_MS);
    expect(times.at(-1)).toBeLessThanOrEqual(END.getTime() - 2 * HOUR_MS);
    expect(times.at(-1)).toBeGreaterThan(END.getTime() - 4 * HOUR_MS);
  });

  it('has every event type of the first customer', () => {
    expect(new Set(events.map((event) => event.type))).toEqual(new Set(Object.keys(EVENT_TYPES)));
  });

  it('has more events on a weekday than on a Sunday, and an afternoon with a failing marketplace', () => {
    const on = (weekday: number) => validations.filter((event) => new Date(event.time).getUTCDay() === weekday).length;
    expect(on(2)).toBeGreaterThan(2 * on(0));
    const incident = validations.filter((event) => {
      const time = Date.parse(event.time);
      return (
        event.data.marketplace === 'amazon-br' &&
        time >= Date.parse('2026-11-12T16:00Z') &&
        time < Date.parse('2026-11-12T20:30Z')
      );
    });
    const failed = incident.filter((event) => event.data.outcome === 'failure').length;
    expect(failed / incident.length).toBeGreaterThan(0.5);
    expect(validations.filter((event) => event.data.outcome === 'failure').length / validations.length).toBeLessThan(0.15);
  });

  it('never has more errors than rows, and has rules if there are errors', () => {
    const isWrong = ({ data }: SampleEvent) =>
      (data.errors as number) > (data.rows as number) || (data.errors !== 0 && Object.keys(data.rules as object).length === 0);
    expect(validations.filter(isWrong)).toEqual([]);
  });
});
