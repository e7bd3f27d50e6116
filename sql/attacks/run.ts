import type { Client } from '../database/db.ts';
import { type Attack, type AttackLogin, EVERYBODY, type Oracle, spelt, type Target } from './attack.ts';
import { grantAttacks } from './grants.ts';
import { oracleAttacks } from './oracles.ts';
import { relationAttacks } from './relations.ts';
import { type AttackAnswer, openSession, type Session, sessionOf } from './session.ts';
import { sessionAttacks } from './sessions.ts';
import { surroundingAttacks } from './surroundings.ts';
import { viewAttacks } from './views.ts';

/** `dead`: the proof did not find the victim's row, or a timeout stopped the attack, so that it proves nothing. */
export type AttackFinding = {
  attack: string;
  login: AttackLogin;
  stance: string;
  what: 'foreign row' | 'not refused' | 'a foreign row was looked at' | 'answers differ' | 'dead';
  /** Index of the statement in the attack. */
  statement: number;
};

export type AttackOutcome = { tried: number; findings: AttackFinding[] };

/** What each login does before an attack: nothing, act as its own tenant, or claim to be the victim. */
function stancesOf({ own, victim }: Target): Record<AttackLogin, [string, string[]][]> {
  const claim = `select set_config('app.tenant_id', ${spelt(victim.id)}, false) is null`;
  return {
    api: [
      ['no tenant', []],
      ['own tenant', [`select set_config('app.tenant_id', '${own.id}', false)`]],
    ],
    sql: [
      ['as it is', []],
      ['claims the tenant', [claim]],
    ],
    metabase: [
      ['no grant', []],
      ['own grant', [`select count(*) from bi.events('${own.grant}', now() - interval '1 day', now(), 'total')`]],
      ['claims the tenant', [claim]],
    ],
  };
}

/**
 * Runs all read-only attacks, or with `writes` all attacks, as each login: one session per login, one transaction per attack,
 * rolled back. `owner` acts as mirante_owner and proves that the target rows exist. `silent` keeps rejected statements out of the
 * server's log; it needs a canary's grant.
 */
export async function runAttacks(
  target: Target,
  urls: Record<AttackLogin, string>,
  owner: Client,
  { writes = false, silent = false, signal }: { writes?: boolean; silent?: boolean; signal?: AbortSignal | undefined } = {},
): Promise<AttackOutcome> {
  const attacks: (Attack | Oracle)[] = [
    ...relationAttacks(target),
    ...viewAttacks(target),
    ...sessionAttacks(target),
    ...grantAttacks(target),
    ...surroundingAttacks(target),
    ...oracleAttacks(target),
  ];
  const sessions = new Map<AttackLogin, Session>();
  try {
    for (const login of EVERYBODY)
      sessions.set(login, await openSession(urls[login], silent ? silencing(login, target) : undefined));
    const outcome: AttackOutcome = { tried: 0, findings: [] };
    for (const attack of attacks.filter((attack) => writes || !attack.writes)) {
      signal?.throwIfAborted();
      const prover = 'aliveAs' in attack && attack.aliveAs ? (sessions.get(attack.aliveAs) as Session) : undefined;
      const alive = await isAlive(attack, target, prover ?? ownerSession(owner));
      for (const login of attack.as) {
        const stances = stancesOf(target)[login].slice(attack.oneStance ? -1 : 0);
        if (!alive) outcome.findings.push({ attack: attack.name, login, stance: 'the owner', what: 'dead', statement: 0 });
        for (const [stance, first] of stances) {
          outcome.tried += 1;
          const found = await tryOne(attack, first, target, sessions.get(login) as Session);
          outcome.findings.push(...found.map((finding) => ({ attack: attack.name, login, stance, ...finding })));
        }
      }
    }
    return outcome;
  } finally {
    for (const session of sessions.values()) await session.end();
  }
}

const silencing = (login: AttackLogin, { own }: Target) =>
  `select ${login === 'metabase' ? 'bi' : 'app'}.silence_audit('${own.grant}')`;

// The owner's role came with the connection or was set on it, and must survive each proof.
function ownerSession(owner: Client): Omit<Session, 'end'> {
  const session = sessionOf(owner);
  return { ...session, forget: async () => void (await owner.query('rollback')) };
}

async function run(
  session: Omit<Session, 'end'>,
  mode: 'read only' | 'read write',
  statements: string[],
): Promise<AttackAnswer[]> {
  await session.begin(mode);
  try {
    const answers: AttackAnswer[] = [];
    for (const statement of statements) answers.push(await session.say(statement));
    return answers;
  } finally {
    await session.forget();
  }
}

type Found = Pick<AttackFinding, 'what' | 'statement'>;

async function tryOne(attack: Attack | Oracle, first: string[], target: Target, session: Session): Promise<Found[]> {
  const mode = attack.writes ? 'read write' : 'read only';
  const told = async (statements: string[]) => (await run(session, mode, [...first, ...statements])).slice(first.length);
  if ('ask' in attack) {
    return askBetween(attack, told);
  }
  const answers = await told(attack.statements);
  return answers.flatMap((answer, n): Found[] => {
    if (isForeign(answer.text, target)) return [{ what: 'foreign row', statement: n }];
    if (isCutOff(answer)) return [{ what: 'dead', statement: n }];
    if (attack.refused && !answer.refused) return [{ what: 'not refused', statement: n }];
    if (attack.quiet && answer.refused) return [{ what: 'a foreign row was looked at', statement: n }];
    return [];
  });
}

const MAX_TRIES = 20;

// Estimates follow a growing table, so the wrong guess is asked between two right ones. If the table did not change, all three
// answers must be equal. Otherwise every number of the wrong one must be between those of the others.
async function askBetween({ ask, guesses: { right, wrong } }: Oracle, told: (statements: string[]) => Promise<AttackAnswer[]>) {
  const heard = async (guess: string) => {
    const answers = await told(ask(guess));
    return answers.map((answer) => ({ cutOff: isCutOff(answer), text: without(answer.text, guess) }));
  };
  let before = await heard(right);
  for (let tries = 1; ; tries += 1) {
    const other = await heard(wrong);
    const after = await heard(right);
    const found = other.flatMap(({ cutOff, text }, n): Found[] => {
      if (cutOff || before[n]?.cutOff) return [{ what: 'dead', statement: n }];
      return isBetween(text, before[n]?.text ?? '', after[n]?.text ?? '') ? [] : [{ what: 'answers differ', statement: n }];
    });
    if (found.length === 0 || tries === MAX_TRIES) return found;
    before = after;
  }
}

const NUMBER = /\d+(?:\.\d+)?/g;

/** Whether a text equals one of two others, or has their words with numbers between theirs. */
export function isBetween(text: string, one: string, other: string): boolean {
  if (text === one || text === other) return true;
  const [words, ...ends] = [text, one, other].map((each) => each.replace(NUMBER, '#'));
  if (ends.some((end) => end !== words)) return false;
  const [numbers, low, high] = [text, one, other].map((each) => (each.match(NUMBER) ?? []).map(Number)) as [
    number[],
    number[],
    number[],
  ];
  return numbers.every((number, n) => {
    const [a, b] = [low[n] as number, high[n] as number];
    return number >= Math.min(a, b) && number <= Math.max(a, b);
  });
}

// A timeout: what it would have answered is unknown.
const isCutOff = (answer: AttackAnswer | undefined) => answer?.code === '57014';

async function isAlive(attack: Attack | Oracle, target: Target, session: Omit<Session, 'end'>): Promise<boolean> {
  if ('ask' in attack) {
    const [one, other] = [
      await run(session, 'read only', attack.alive(attack.guesses.right)),
      await run(session, 'read only', attack.alive(attack.guesses.wrong)),
    ];
    return one.some((answer, n) => answer.text !== other[n]?.text);
  }
  // It targets no rows, only objects whose names come from the catalogue.
  if (attack.alive.length === 0) return true;
  for (const statement of attack.alive) {
    const [answer] = (await run(session, 'read only', [statement])) as [AttackAnswer];
    if (attack.quiet ? answer.refused && /^22/.test(answer.code ?? '') : isForeign(answer.text, target)) return true;
  }
  return false;
}

/** Whether a text contains a value that only the victim's rows have, also as hexadecimal bytea. */
export function isForeign(text: string, { victim }: Pick<Target, 'victim'>): boolean {
  const heard = text.toLowerCase();
  return [victim.id, victim.word, victim.mark, String(victim.figure)].some(
    (sign) => heard.includes(sign) || heard.includes(Buffer.from(sign).toString('hex')),
  );
}

const without = (text: string, guess: string) =>
  [guess, guess.replaceAll('-', ''), JSON.stringify(guess).slice(1, -1)].reduce(
    (rest, part) => rest.replaceAll(part, '?'),
    text,
  );
