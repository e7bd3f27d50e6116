/** A relation outside PostgreSQL's own schemas. `key` is the column with a tenant's id; `holds`: rows of the victim are there. */
export type CatalogueRelation = {
  schema: string;
  name: string;
  kind: string;
  key: string | null;
  holds: boolean;
  owner: string;
};

/** `from` reads what its readers may see, which may be some columns only. */
export type View = { name: string; from: string; readers: string[] };

/** Who can send SQL: the API's own login, a tenant's SQL login, and Metabase's. */
export type AttackLogin = 'api' | 'sql' | 'metabase';

/** One of two tenants, and what its rows can be told by. */
export type Party = {
  id: string;
  /** The id without hyphens: stands in every row of the tenant, in each column that can hold a text. */
  word: string;
  /** Random, of the latest rows; nobody can know it who has not read one. */
  mark: string;
  /** A number of twelve digits that stands in the latest rows. */
  figure: number;
  grant: string;
};

export type Target = {
  own: Party;
  victim: Party;
  relations: CatalogueRelation[];
  views: View[];
  roles: string[];
};

/**
 * Something to try in one session. Whatever comes back with a word, mark, figure or id of the victim is a foreign row.
 * An attack that cannot be proved to reach for rows that are there is itself a failure.
 */
export type Attack = {
  name: string;
  as: readonly AttackLogin[];
  statements: string[];
  /** Statements as the owner; one of them must find the victim's row. */
  alive: string[];
  /** Who proves it, where it is not the owner. */
  aliveAs?: AttackLogin;
  /** Each statement must be refused: that it is answered at all is a finding. */
  refused?: boolean;
  /** No statement may fail: it fails on nothing but a foreign row. Its proof is that it fails for the owner. */
  quiet?: boolean;
  /** Changes something where it succeeds, if only until the rollback; not for production. */
  writes?: boolean;
  /** Tried in the last stance only, where the session's tenant matters little. */
  oneStance?: boolean;
};

/**
 * A question about something that the attacker guesses, such as a type of the victim's. It must be answered as for what does
 * not exist. Its proof: the owner's answers differ.
 */
export type Oracle = Omit<Attack, 'statements' | 'alive' | 'aliveAs' | 'refused' | 'quiet'> & {
  ask: (guess: string) => string[];
  alive: (guess: string) => string[];
  guesses: { right: string; wrong: string };
};

export const EVERYBODY = ['api', 'sql', 'metabase'] as const;

/** The victim's id as an expression, which no answer can have by repeating the statement. */
export const spelt = (id: string) => `('${id.slice(0, 20)}' || '${id.slice(20)}')`;
