import { beforeAll, describe, expect, inject, test } from 'vitest';
import { type AttackFinding, runAttacks } from '../../sql/attacks/run.ts';
import { countFindings } from '../../sql/audit/isolation-audits.ts';
import { withClient } from '../../sql/database/db.ts';
import { PLANTED } from '../../sql/tenants/canaries.ts';
import { type TestDatabase, tally, useDatabase } from '../support/harness.ts';
import { type Besieged, besiege, convert } from './target.ts';

const STATES = inject('engine') === 'timescaledb' ? ['row security', 'columnstore'] : ['row security'];

describe.each(STATES)('with %s on events', (state) => {
  let db: TestDatabase;
  let siege: Besieged;

  beforeAll(async () => {
    db = await useDatabase();
    siege = await besiege(db, state === 'columnstore' ? convert : undefined);
  });

  test('every table with a tenant_id, and every partition, has rows of the victim', () => {
    const { relations } = siege.target;
    const empty = relations.filter(
      ({ schema, key, holds, kind }) => schema === 'private' && key && !holds && kind !== 'partition',
    );
    expect(empty.map(({ name }) => name)).toEqual([]);
    const held = relations.filter(({ holds }) => holds).map(({ name }) => name);
    expect(held).toEqual(expect.arrayContaining(['private.tenants', ...Object.keys(PLANTED)]));
    expect(
      held.filter((name) => /^private\.events_\d+$|^_timescaledb_internal\._hyper_\d+_\d+_chunk$/.test(name)).length,
    ).toBeGreaterThan(0);
    expect(held.some((name) => /_compressed$|compress_hyper/.test(name))).toBe(state === 'columnstore');
  });

  test('no statement of a login shows a row of another tenant', async () => {
    const { tried, findings } = await withClient(db.jobs, (client) =>
      runAttacks(siege.target, siege.urls, client, { writes: true }),
    );
    tally(tried, countFindings(findings).foreignRows);
    expect(told(findings)).toEqual([]);
    expect(tried).toBeGreaterThan(500);
  });
});

/** One line for each attack that found rows: the login, the attack and the rows. */
function told(findings: AttackFinding[]): string[] {
  const by = new Map<string, Set<string>>();
  for (const { attack, what, statement, login, stance } of findings) {
    const line = `${attack}: ${what}`;
    by.set(line, (by.get(line) ?? new Set()).add(`${login} (${stance}) #${statement}`));
  }
  return [...by].map(([line, who]) => `${line}: ${[...who].join(', ')}`);
}
