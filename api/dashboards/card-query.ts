/** One card's SQL without Metabase's template syntax, for PostgreSQL: `$1` is the value of the first variable, and so on. */
export type CardQuery = { text: string; values: string[] };

export type Audience = 'customer' | 'operations' | 'internal';

/** Variables that every card query must receive, and optional ones. */
export type CardVariables = { required: readonly string[]; optional: readonly string[] };

const VARIABLE = /\{\{([a-z_]+)\}\}/g;
const OPTIONAL = /\[\[(.*?)\]\]/gs;
// Where a list of values may be written: in a comparison, or as the last arguments of a function.
const TAKES_LIST = /^(?:(?:and|or) [a-z_]+ in \(\{\{[a-z_]+\}\}\)|, \{\{[a-z_]+\}\})$/;

/** Returns the variables of a card without repetitions, in order of appearance. */
export function variablesOf(sql: string): string[] {
  return [...new Set([...sql.matchAll(VARIABLE)].map(([, variable]) => variable as string))];
}

/**
 * Returns the query for these values. An optional clause is left out if its variable has no value. A variable with several values
 * becomes a list: `in ({{a}})` matches any of them.
 */
export function render(sql: string, given: Record<string, string | readonly string[] | undefined>): CardQuery {
  const text = sql.replace(OPTIONAL, (_, clause: string) =>
    variablesOf(clause).every((variable) => given[variable] !== undefined) ? clause : '',
  );
  const values: string[] = [];
  const places = new Map(
    variablesOf(text).map((variable) => {
      const value = given[variable];
      if (value === undefined) throw new Error(`The card needs the variable ${variable}, which has no value.`);
      return [
        variable,
        [value]
          .flat()
          .map((one) => `$${values.push(one)}`)
          .join(', '),
      ];
    }),
  );
  return { text: text.replace(VARIABLE, (_, variable: string) => places.get(variable) as string), values };
}

/** Returns the faults of a select that a trend runs for two windows. */
export function faultsOfTotals(select: string): string[] {
  const variables = variablesOf(select);
  const isOwn = ['since', 'until'].every((name) => variables.includes(name));
  const isDashboards = ['from', 'to', 'interval'].some((name) => variables.includes(name));
  return isOwn && !isDashboards ? [] : ['must take its window from {{since}} and {{until}}, and from nothing else'];
}

const SCHEMAS = 'app|bi|ops|door|private|storage|limits|bullmq|migrations|public|information_schema|pg_\\w+|_?timescaledb\\w*';
// Allowed after `from` and `join`: a function of bi with the grant as its first argument, or a query in brackets.
const CUSTOMER_SOURCE = /\b(?:from|join)\s+(?!bi\.[a-z_]+\(\{\{grant\}\}, |\(\s*select\b)/i;
const OPERATIONS_SOURCE = /\b(?:from|join)\s+(?!ops\.[a-z_]+\b|\(\s*select\b)/i;

/** Returns the faults of a card's SQL. The role that runs the card enforces what it may read; this check runs earlier. */
export function faultsOf(sql: string, audience: Audience, { required, optional }: CardVariables): string[] {
  const own = audience === 'customer' ? 'bi' : 'ops';
  const clauses = [...sql.matchAll(OPTIONAL)].map(([, clause]) => variablesOf(clause as string));
  const outside = variablesOf(sql.replace(OPTIONAL, ''));
  const literals = sql.split("'").filter((_, index) => index % 2 === 1);
  const rest = sql.replace(VARIABLE, '').replace(OPTIONAL, '$1');
  const others = new RegExp(`\\b(?:${SCHEMAS.replace(`${own}|`, '')})\\s*\\.`, 'i');
  const rules: [boolean, string][] = [
    [!/^select\b/.test(sql), 'must be one select'],
    [/\[\[|\]\]/.test(rest), 'must close each optional clause, and must not nest them'],
    [/[{}$;"]|--|\/\*/.test(rest), 'must not contain comments, semicolons, dollars, braces or quoted names'],
    [literals.some((text) => text.includes('{{')), 'must not contain a variable within a text'],
    [
      outside.some((variable) => !required.includes(variable)),
      `may use only the variables ${required.join(', ')} outside of optional clauses`,
    ],
    [
      clauses.some((names) => names.length !== 1 || !names.every((name) => optional.includes(name))),
      `must use exactly one of these variables in an optional clause: ${optional.join(', ') || 'none'}`,
    ],
    [
      [...sql.matchAll(OPTIONAL)].some(([, clause]) => !TAKES_LIST.test(clause as string)),
      'must compare with `in ({{variable}})` in an optional clause, because a reader may choose several values',
    ],
    [!new RegExp(`\\b${own}\\.[a-z_]+`).test(sql), `must read ${own}`],
    [own === 'bi' && !outside.includes('grant'), 'must contain {{grant}} outside of optional clauses'],
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
