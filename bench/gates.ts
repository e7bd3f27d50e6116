import { readQuestion } from '../api/metrics/query.ts';
import { createPool, type Pool, withTenant } from '../sql/database/db.ts';
import { findMetric } from '../sql/metrics/catalogue.ts';
import { readMetric } from '../sql/metrics/metrics.ts';
import { caughtUp } from './history.ts';
import { quantile } from './http-load.ts';
import { HOTTEST } from './queries.ts';
import type { BenchTenant, Stage } from './stage.ts';

const RUNS = 150;

type Statement = { text: string; values: unknown[]; rowMode: 'array' };

/**
 * The cost of the two gates: the hottest metric statements as mirante_api through the views, compared with the same
 * statements as the owner on the tables below, with the tenant as a constant. Lower quartiles, in turns on one connection
 * each, so that other load does not matter; a ratio of 1 is free.
 */
export async function benchGates(stage: Stage) {
  await caughtUp(stage);
  const api = createPool(stage.apiDatabaseUrl, { max: 1, name: 'bench gates' });
  const times = HOTTEST.map((call) => ({ call, gated: [] as number[], bare: [] as number[] }));
  try {
    for (let run = 0; run < RUNS; run++) {
      for (const each of times) await oneTurn(stage, api, run, each);
    }
  } finally {
    await api.end();
  }
  const quartiles = times.map(({ call, gated, bare }) => ({ call, gated: quartile(gated), bare: quartile(bare) }));
  const sum = (of: 'gated' | 'bare') => quartiles.reduce((total, each) => total + each[of], 0);
  return {
    'ratio of all ten together': sum('gated') / sum('bare'),
    ...Object.fromEntries(quartiles.map(({ call, gated, bare }) => [call, gated / bare])),
  };
}

const quartile = (durations: number[]) => quantile(Float64Array.from(durations).sort(), 0.25);

type Times = { call: string; gated: number[]; bare: number[] };

async function oneTurn({ owner, tenants }: Stage, api: Pool, run: number, { call, gated, bare }: Times): Promise<void> {
  const tenant = tenants[(run * 7) % tenants.length] as BenchTenant;
  const statement = await statementOf(tenant, call);
  const own = { ...statement, text: ungated(statement.text, tenant) };
  const turns = [
    async () => gated.push(await timed(api, tenant, statement)),
    async () => bare.push(await timed(owner, tenant, own)),
  ];
  if (run % 2 === 1) turns.reverse();
  for (const turn of turns) await turn();
}

// Both run in the same kind of transaction, so that only the statement differs.
function timed(pool: Pool, tenant: BenchTenant, statement: Statement): Promise<number> {
  return withTenant(pool, tenant.id, async (client) => {
    const started = performance.now();
    await client.query(statement);
    return performance.now() - started;
  });
}

const ungated = (text: string, { id }: BenchTenant) =>
  text.replace(/\bapp\.(\w+)/g, (_, name) => `(select * from private.${name} where tenant_id = '${id}')`);

// The statement that a call would send, captured before it reaches the database.
async function statementOf(tenant: BenchTenant, call: string): Promise<Statement> {
  const [name = '', query] = call.replace('DAY_AGO', new Date(Date.now() - 24 * 3600_000).toISOString()).split('?');
  const metric = findMetric(name);
  if (!metric) throw new Error(`There is no metric ${name}.`);
  const question = readQuestion(metric, Object.fromEntries(new URLSearchParams(query)), 'America/Sao_Paulo', Date.now());
  let sent: Statement | undefined;
  const client = {
    query: async (statement: Statement | string) => {
      if (typeof statement !== 'string') sent = statement;
      return { rows: [[new Date(), null, null, null]] };
    },
    on: () => undefined,
    removeListener: () => undefined,
    release: () => undefined,
  };
  await readMetric({ connect: async () => client } as unknown as Pool, tenant.id, question);
  return sent as Statement;
}
