import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Finding, runAttacks } from '../../sql/attacks/run.ts';
import { withClient } from '../../sql/db.ts';
import { createDatabase, type TestDatabase } from '../harness.ts';
import { type Besieged, besiege } from './target.ts';

let db: TestDatabase;
let siege: Besieged;

beforeAll(async () => {
  db = await createDatabase();
  siege = await besiege(db);
});
afterAll(() => db.drop());

test('nothing that a login can say shows it a row of another tenant', async () => {
  const started = Date.now();
  const { tried, findings } = await withClient(db.jobs, (client) => runAttacks(siege.target, siege.urls, client, true));
  process.stdout.write(`${tried} tried in ${Date.now() - started}\n`);
  expect(told(findings)).toEqual([]);
}, 120_000);

/** One line for each attack that found something, with who and what. */
function told(findings: Finding[]): string[] {
  const by = new Map<string, Set<string>>();
  for (const { attack, what, statement, login, stance } of findings) {
    const line = `${attack}: ${what}`;
    by.set(line, (by.get(line) ?? new Set()).add(`${login} (${stance}) #${statement}`));
  }
  return [...by].map(([line, who]) => `${line}: ${[...who].join(', ')}`);
}
