/** A relation outside PostgreSQL's own schemas. `key`: the column with a tenant's id. `holds`: it has rows of the victim. */
export type CatalogueRelation = {
  schema: string;
  name: string;
  kind: string;
  key: string | null;
  holds: boolean;
  owner: string;
};

/** `from` selects what its readers may see, which may be only some columns. */
export type View = { name: string; from: string; readers: string[] };

/** Logins that can send SQL: the API's own, a tenant's SQL login, and Metabase's. */
export type AttackLogin = 'api' | 'sql' | 'metabase';

/** One of two tenants, and the values that identify its rows. */
export type Party = {
  id: string;
  /** The id without hyphens. It is in every row of the tenant, in each column that can hold text. */
  word: string;
  /** Random, new for the latest rows: only a reader of one can know it. */
  mark: string;
  /** A number of twelve digits in the latest rows. */
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
 * An attempt in one session. An answer that contains a word, mark, figure or id of the victim is a foreign row. An attack that
 * cannot be proved to reach for existing rows is itself a failure.
 */
export type Attack = {
  name: string;
  as: readonly AttackLogin[];
  statements: string[];
  /** Statements run as the owner; one of them must find the victim's row. */
  alive: string[];
  /** The login that runs the proof, if it is not the owner. */
  aliveAs?: AttackLogin;
  /** Each statement must be rejected: any answer is a finding. */
  refused?: boolean;
  /** No statement may fail, because it fails only on a foreign row. The proof is that it fails for the owner. */
  quiet?: boolean;
  /** Changes something if it succeeds, even if only until the rollback. Not for production. */
  writes?: boolean;
  /** Tried in the last stance only, if the session's tenant matters little. */
  oneStance?: boolean;
};

/**
 * A question about something that the attacker guesses, such as a type of the victim's. The answer must be the same as for
 * something that does not exist. The proof: the owner's answers differ.
 */
export type Oracle = Omit<Attack, 'statements' | 'alive' | 'aliveAs' | 'refused' | 'quiet'> & {
  ask: (guess: string) => string[];
  alive: (guess: string) => string[];
  guesses: { right: string; wrong: string };
};

export const EVERYBODY = ['api', 'sql', 'metabase'] as const;

/** The victim's id as an expression, so that an answer that only repeats the statement does not contain the id. */
export const spelt = (id: string) => `('${id.slice(0, 20)}' || '${id.slice(20)}')`;
