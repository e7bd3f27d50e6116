import { describe, expect, it } from 'vitest';
import { EVENT_TYPES } from './event-types.ts';
import { sampleMonth } from './sample.ts';

const END = new Date('2026-11-21T14:00:00.000Z');
const HOUR_MS = 3_600_000;
const VALIDATION = 'br.validahub.validation.completed.v1';

describe('the sample month', () => {
  const events = sampleMonth(END);
  const validations = events.filter((event) => event.type === VALIDATION);

  it('is the same whenever it is made for the same end, so that sending it again stores nothing twice', () => {
    expect(sampleMonth(END)).toEqual(events);
    expect(new Set(events.map((event) => event.id)).size).toBe(events.length);
  });

  it('holds 40 to 60 thousand events of the last 30 days, oldest first, none later than its end', () => {
    expect(events.length).toBeGreaterThan(40_000);
    expect(events.length).toBeLessThan(60_000);
    const times = events.map((event) => Date.parse(event.time));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times[0]).toBeGreaterThanOrEqual(END.getTime() - 30 * 24 * HOUR_MS);
    expect(times[0]).toBeLessThan(END.getTime() - 29 * 24 * HOUR_MS);
    expect(times.at(-1)).toBeLessThanOrEqual(END.getTime());
    expect(times.at(-1)).toBeGreaterThan(END.getTime() - 2 * HOUR_MS);
  });

  it('holds every event type of the first customer', () => {
    expect(new Set(events.map((event) => event.type))).toEqual(new Set(Object.keys(EVENT_TYPES)));
  });

  it('has more on a weekday than on a Sunday, and an afternoon on which Amazon went wrong', () => {
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

  it('never has more errors than rows, and rules wherever there are errors', () => {
    for (const { data } of validations) {
      expect(data.errors).toBeLessThanOrEqual(data.rows as number);
      if (data.errors) expect(Object.keys(data.rules as object).length).toBeGreaterThan(0);
    }
  });
});
