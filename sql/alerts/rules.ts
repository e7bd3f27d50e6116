import { v7 as uuidv7 } from 'uuid';
import type { Client } from '../database/db.ts';

/** Maximum rules of one tenant. Two concurrent requests can exceed it by one. */
export const MAX_RULES = 100;

export type NewRule = {
  name: string;
  enabled: boolean;
  metric: string;
  /** Required value of each dimension. Null: not set. */
  filter: Record<string, string | null>;
  condition: 'above' | 'below';
  threshold: number;
  window_seconds: number;
  /** How long the condition must hold before the rule fires. */
  for_seconds: number;
  cool_down_seconds: number;
  no_data: 'ok' | 'alert';
  /** Ids of endpoints. */
  notify: string[];
};

export type Rule = NewRule & { id: string; created_at: Date; updated_at: Date };

export type RuleState = {
  rule_id: string;
  name: string;
  state: 'ok' | 'pending' | 'firing' | 'unknown';
  since: Date;
  value: number | null;
  evaluated_at: Date | null;
};

const CHANGEABLE = [
  'name',
  'enabled',
  'metric',
  'filter',
  'condition',
  'threshold',
  'window_seconds',
  'for_seconds',
  'cool_down_seconds',
  'no_data',
  'notify',
] as const satisfies (keyof NewRule)[];

const COLUMNS = ['id', ...CHANGEABLE, 'created_at', 'updated_at'].join(', ');

const valuesOf = (rule: NewRule) => CHANGEABLE.map((name) => (name === 'filter' ? JSON.stringify(rule.filter) : rule[name]));

/** Creates a rule of this transaction's tenant. Returns undefined if the tenant has MAX_RULES already. */
export async function createRule(client: Client, tenantId: string, rule: NewRule): Promise<Rule | undefined> {
  const numbers = CHANGEABLE.map((_, index) => `$${index + 4}`).join(', ');
  const { rows } = await client.query<Rule>(
    `insert into app.alert_rules (id, tenant_id, created_at, updated_at, ${CHANGEABLE.join(', ')})
     select $1, $2, now(), now(), ${numbers} where (select count(*) from app.alert_rules) < $3::bigint
     returning ${COLUMNS}`,
    [uuidv7(), tenantId, MAX_RULES, ...valuesOf(rule)],
  );
  return rows[0];
}

export async function updateRule(client: Client, id: string, rule: NewRule): Promise<Rule | undefined> {
  const sets = CHANGEABLE.map((name, index) => `${name} = $${index + 2}`).join(', ');
  const { rows } = await client.query<Rule>(
    `update app.alert_rules set ${sets}, updated_at = now() where id = $1 returning ${COLUMNS}`,
    [id, ...valuesOf(rule)],
  );
  return rows[0];
}

/** One rule. `toChange`: locks it until this transaction ends. */
export async function findRule(client: Client, id: string, toChange = false): Promise<Rule | undefined> {
  const { rows } = await client.query<Rule>(
    `select ${COLUMNS} from app.alert_rules where id = $1 ${toChange ? 'for update' : ''}`,
    [id],
  );
  return rows[0];
}

export async function listRules(client: Client, after: string | undefined, limit: number): Promise<Rule[]> {
  const { rows } = await client.query<Rule>(
    `select ${COLUMNS} from app.alert_rules where $1::uuid is null or id > $1 order by id limit $2`,
    [after ?? null, limit],
  );
  return rows;
}

export async function deleteRule(client: Client, id: string): Promise<boolean> {
  const { rowCount } = await client.query('delete from app.alert_rules where id = $1', [id]);
  return rowCount === 1;
}

/** The last state of each enabled rule; `unknown` before its first evaluation. */
export async function listRuleStates(client: Client, after: string | undefined, limit: number): Promise<RuleState[]> {
  const { rows } = await client.query<RuleState>(
    `select r.id as rule_id, r.name, coalesce(s.state, 'unknown') as state, coalesce(s.since, r.updated_at) as since, s.value, s.evaluated_at
     from app.alert_rules r left join app.alert_states s on s.rule_id = r.id
     where r.enabled and ($1::uuid is null or r.id > $1) order by r.id limit $2`,
    [after ?? null, limit],
  );
  return rows;
}
