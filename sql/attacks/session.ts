import type { EventEmitter } from 'node:events';
import pg from 'pg';
import type { Client } from '../database/db.ts';

/** PostgreSQL's whole response to one statement: rows, copied data, notices, and all fields of the error. */
export type AttackAnswer = { refused: boolean; code: string | undefined; text: string };

/** One login's connection, reset between two attacks. */
export type Session = {
  say: (statement: string) => Promise<AttackAnswer>;
  /** Begins a transaction that is rolled back after the attack. A failed statement does not end it. */
  begin: (mode: 'read only' | 'read write') => Promise<void>;
  /** Rolls back and resets the session. */
  forget: () => Promise<void>;
  end: () => Promise<void>;
};

// Every value as PostgreSQL's text: a parsed Date or Buffer would hide what is searched for.
const types = { getTypeParser: () => String } as unknown as pg.CustomTypesConfig;

/**
 * Connects one login. Its application name distinguishes its rejected statements in `pg_stat_activity` and in the server's log
 * from real attacks. `silence`: a statement that keeps them out of that log.
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

/** The same on an existing connection, which keeps its role. */
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
  // Sent together with each statement, to save a round trip. A failed statement undoes only itself.
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
