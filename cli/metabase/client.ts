import { setTimeout } from 'node:timers/promises';

/** An answer of Metabase as parsed JSON, unchecked. */
export type Json = ReturnType<typeof JSON.parse>;

export type Answer = { status: number; body: Json };

/** A client for Metabase's HTTP API. */
export type Metabase = {
  /** The answer, whatever its status. */
  call: (method: string, path: string, body?: unknown) => Promise<Answer>;
  /** The body of an answer with a 2xx status; anything else throws Refused. */
  ask: (method: string, path: string, body?: unknown) => Promise<Json>;
};

/** An answer with an error status. `message` is a sentence for the terminal. */
export class Refused extends Error {
  readonly status: number;

  constructor(method: string, path: string, { status, body }: Answer) {
    super(`Metabase answered ${method} ${path} with ${status}: ${sentenceOf(body)}`);
    this.status = status;
  }
}

export type Waits = { startMs: number; retryMs: number };

/** When Metabase starts, it first migrates its own database, which takes minutes. */
export const WAITS: Waits = { startMs: 600_000, retryMs: 1000 };

const TIMEOUT_MS = 60_000;
const ATTEMPTS = 4;

/**
 * Creates a client for one Metabase. It retries a GET if the connection broke or a proxy could not reach Metabase. It does not
 * retry a change, because the first attempt may have worked.
 */
export function createMetabase(url: string, headers: Record<string, string>, waits: Waits): Metabase {
  async function call(method: string, path: string, body?: unknown): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const answer = await once(url, method, path, headers, body);
      const isLast = method !== 'GET' || attempt === ATTEMPTS;
      if (!(answer instanceof Error) && (isLast || !isUnreachable(answer.status))) return answer;
      if (isLast) throw answer;
      await setTimeout(waits.retryMs * attempt);
    }
  }

  return {
    call,
    async ask(method, path, body) {
      const answer = await call(method, path, body);
      if (answer.status >= 300) throw new Refused(method, path, answer);
      return answer.body;
    },
  };
}

/** Waits until Metabase serves its whole API, which is later than its health endpoint says. Returns its public settings. */
export async function waitUntilReady(url: string, { startMs, retryMs }: Waits): Promise<Json> {
  const deadline = Date.now() + startMs;
  for (;;) {
    const health = await once(url, 'GET', '/api/health', {});
    const settings = isOk(health) ? await once(url, 'GET', '/api/session/properties', {}) : health;
    if (isOk(settings) && typeof settings.body === 'object') return settings.body;
    if (Date.now() + retryMs > deadline) {
      const reason = settings instanceof Error ? settings.message : `it answers with ${settings.status}`;
      throw new Error(`Metabase at ${new URL(url).origin} is not ready: ${reason}.`);
    }
    await setTimeout(retryMs);
  }
}

const isOk = (answer: Answer | Error): answer is Answer => !(answer instanceof Error) && answer.status === 200;
const isUnreachable = (status: number) => status >= 502 && status <= 504;

async function once(
  url: string,
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: unknown,
): Promise<Answer | Error> {
  try {
    const response = await fetch(`${url.replace(/\/+$/, '')}${path}`, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    return { status: response.status, body: parsed(text) };
  } catch (error) {
    const cause = (error as Error).cause as { code?: string; message?: string } | undefined;
    return new Error(
      `Metabase at ${new URL(url).origin} cannot be reached (${cause?.code ?? cause?.message ?? (error as Error).message})`,
    );
  }
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function sentenceOf(body: Json): string {
  if (typeof body === 'string') return body.slice(0, 300);
  const errors = Object.entries(body?.errors ?? {}).map(([name, fault]) => `${name}: ${fault}`);
  return [body?.message, ...errors].filter(Boolean).join('; ') || JSON.stringify(body ?? null).slice(0, 300);
}
