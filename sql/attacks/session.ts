import type { EventEmitter } from 'node:events';
import pg from 'pg';
import type { Client } from '../database/db.ts';

/** All that PostgreSQL said to one statement: rows, copied data, notices and the error with every field of it. */
export type AttackAnswer = { refused: boolean; code: string | undefined; text: string };

/** One login's connection, which forgets everything between two attacks. */
export type Session = {
  say: (statement: string) => Promise<AttackAnswer>;
  /** Begins a transaction in which nothing that is tried outlives the attack; a statement that fails does not end it. */
  begin: (mode: 'read only' | 'read write') => Promise<void>;
  /** Ends it and the traces that it left in the session. */
  forget: () => Promise<void>;
  end: () => Promise<void>;
};

// Every value as PostgreSQL writes it: a parsed Date or Buffer would hide what is searched for.
const types = { getTypeParser: () => String } as unknown as pg.CustomTypesConfig;

/**
 * Connects one login. Its name in `pg_stat_activity` and in the server's log tells its refusals from a real attack's. `silence`: a statement that keeps
 * them out of that log.
 */
export async function openSession(url: string, silence?: string): Promise<Session> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'mirante isolation audit',
    statement_timeout: 15_000,
    query_timeout: 20_000,
    connectionTimeoutMillis: 5_000,
  });
  client.on('error', () => undefined);
  await client.connect();
  const session = sessionOf(client);
  const silenced = async () => void (silence && (await client.query(silence)));
  await silenced();
  return { ...session, forget: () => session.forget().then(silenced), end: () => client.end() };
}

/** The same over a connection that is there already, whose role stays what it is. */
export function sessionOf(client: Client): Omit<Session, 'end'> {
  const say = async (statement: string): Promise<AttackAnswer> => {
    const heard: unknown[] = [];
    const note = (thing: unknown) => heard.push(thing);
    const noteCopied = ({ chunk }: { chunk: Buffer }) => heard.push(chunk.toString('latin1'));
    const { connection } = client as unknown as { connection: EventEmitter };
    client.on('notice', noteError);
    client.on('notification', note);
    connection.on('copyData', noteCopied);
    function noteError(error: { message?: string | undefined }) {
      heard.push(error.message, error);
    }
    let code: string | undefined;
    try {
      const answer: unknown = await client.query({ text: statement, rowMode: 'array', types });
      heard.push([answer].flat().map((result) => (result as pg.QueryArrayResult).rows));
    } catch (error) {
      noteError(error as { message: string });
      code = (error as { code?: string }).code ?? 'none';
    } finally {
      client.removeListener('notice', noteError);
      client.removeListener('notification', note);
      connection.removeListener('copyData', noteCopied);
    }
    return { refused: code !== undefined, code, text: JSON.stringify(heard) };
  };
  // Goes along with each statement, so that it costs no message of its own: one that fails undoes nothing but itself.
  let before = '';
  return {
    async say(statement) {
      const answer = await say(`${before}; ${statement}`);
      before = answer.refused ? 'rollback to savepoint tried' : 'savepoint tried';
      return answer;
    },
    async begin(mode) {
      await client.query(`begin ${mode}; savepoint tried`);
      before = 'savepoint tried';
    },
    async forget() {
      await client.query('rollback');
      await client.query('discard all');
    },
  };
}
