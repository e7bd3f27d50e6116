/** One card's SQL in Metabase's template syntax, as PostgreSQL takes it: `$1` is the value of the first variable, and so on. */
export type CardQuery = { text: string; values: string[] };

export type Audience = 'customer' | 'operations' | 'internal';

/** Variables that every card must be given, and those that it may go without. */
export type CardVariables = { required: readonly string[]; optional: readonly string[] };

const VARIABLE = /\{\{([a-z_]+)\}\}/g;
const OPTIONAL = /\[\[(.*?)\]\]/gs;

/** The variables of a card, each once, in the order in which they stand. */
export function variablesOf(sql: string): string[] {
  return [...new Set([...sql.matchAll(VARIABLE)].map(([, variable]) => variable as string))];
}

/** The query for these values: an optional clause is left out where its variable has none. */
export function render(sql: string, given: Record<string, string | undefined>): CardQuery {
  const text = sql.replace(OPTIONAL, (_, clause: string) =>
    variablesOf(clause).every((variable) => given[variable] !== undefined) ? clause : '',
  );
  const variables = variablesOf(text);
  return {
    text: text.replace(VARIABLE, (_, variable: string) => `$${variables.indexOf(variable) + 1}`),
    values: variables.map((variable) => {
      const value = given[variable];
      if (value === undefined) throw new Error(`a card asks for ${variable}, which has no value`);
      return value;
    }),
  };
}

const SCHEMAS = 'app|bi|ops|door|private|storage|limits|bullmq|migrations|public|information_schema|pg_\\w+|_?timescaledb\\w*';
// What may follow `from` and `join`: a function of bi with the grant as its first argument, or a query in brackets.
const CUSTOMER_SOURCE = /\b(?:from|join)\s+(?!bi\.[a-z_]+\(\{\{grant\}\}, |\(\s*select\b)/i;
const OPERATIONS_SOURCE = /\b(?:from|join)\s+(?!ops\.[a-z_]+\b|\(\s*select\b)/i;

/**
 * What is wrong with a card's SQL. That a card reads nothing else is held by the role that it runs as; this says so before it
 * runs.
 */
export function faultsOf(sql: string, audience: Audience, { required, optional }: CardVariables): string[] {
  const own = audience === 'customer' ? 'bi' : 'ops';
  const clauses = [...sql.matchAll(OPTIONAL)].map(([, clause]) => variablesOf(clause as string));
  const outside = variablesOf(sql.replace(OPTIONAL, ''));
  const literals = sql.split("'").filter((_, index) => index % 2 === 1);
  const rest = sql.replace(VARIABLE, '').replace(OPTIONAL, '$1');
  const others = new RegExp(`\\b(?:${SCHEMAS.replace(`${own}|`, '')})\\s*\\.`, 'i');
  const rules: [boolean, string][] = [
    [!/^select\b/.test(sql), 'must be one select'],
    [/\[\[|\]\]/.test(rest), 'must close each optional clause, and open none within another'],
    [/[{}$;"]|--|\/\*/.test(rest), 'must not hold comments, semicolons, dollars, braces or quoted names'],
    [literals.some((text) => text.includes('{{')), 'must not hold a variable within a text'],
    [outside.some((variable) => !required.includes(variable)), `knows the variables ${required.join(', ')}`],
    [
      clauses.some((names) => names.length !== 1 || !names.every((name) => optional.includes(name))),
      `takes in an optional clause one of ${optional.join(', ') || 'no variables'}`,
    ],
    [!new RegExp(`\\b${own}\\.[a-z_]+`).test(sql), `must read ${own}`],
    [own === 'bi' && !outside.includes('grant'), 'must hold {{grant}} outside of optional clauses'],
    [
      own === 'bi' && /\bbi\.(?![a-z_]+\(\{\{grant\}\}, )/i.test(sql),
      'must begin each call of a function of bi with {{grant}}',
    ],
    [
      (own === 'bi' ? CUSTOMER_SOURCE : OPERATIONS_SOURCE).test(sql) || others.test(sql),
      `must read ${own === 'bi' ? 'functions of bi' : 'ops'} only`,
    ],
  ];
  return rules.filter(([broken]) => broken).map(([, fault]) => fault);
}
