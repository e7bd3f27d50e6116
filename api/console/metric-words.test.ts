import { expect, test } from 'vitest';
import { METRICS } from '../../sql/metrics/catalogue.ts';
import { describedIn } from './metric-words.ts';

test('every metric is described in both languages', () => {
  expect(describedIn([...METRICS], 'en')).toEqual(METRICS);
  const same = describedIn([...METRICS], 'pt-BR').filter(({ description }, n) => description === METRICS[n]?.description);
  expect(same).toEqual([]);
});
