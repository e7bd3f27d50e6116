import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';

/** The answer of POST /v1/events: five counts that sum to `received`, and the items that were not accepted. */
export type Receipt = {
  received: number;
  accepted: number;
  duplicates: number;
  conflicts: number;
  quarantined: number;
  rejected: number;
};

export type ApiAnswer<T> = { status: number; body: T };

/** A request that the server refused. `message` is a sentence for the terminal. */
export class Refused extends Error {
  readonly status: number;

  constructor(method: string, path: string, status: number, body: string) {
    super(`${method} ${path} failed with ${status}: ${sentenceOf(body)}`);
    this.status = status;
  }
}

/** Calls of the public HTTP API with one key. */
export type ApiClient = {
  /** Returns the answer with any status, except that it retries after 429 and 503. */
  call: <T>(method: string, path: string, body?: unknown) => Promise<ApiAnswer<T>>;
  /** Returns the body of an answer with a 2xx status. Throws Refused for any other status. */
  ask: <T>(method: string, path: string, body?: unknown) => Promise<T>;
  /** Sends events as NDJSON. A batch is never stored twice, however often the connection breaks. */
  sendLines: (lines: string) => Promise<Receipt>;
};

const GIVE_UP_AFTER_MS = 120_000;

/**
 * A client for `url`. It waits as long as Retry-After says. It gives up after two minutes without an answer, or at once on
 * `signal`.
 */
export function createClient(url: string, key: string, signal?: AbortSignal): ApiClient {
  let reached = false;

  async function send(method: string, path: string, text: string | undefined, headers: Record<string, string>) {
    const deadline = Date.now() + GIVE_UP_AFTER_MS;
    const init = {
      method,
      headers: { ...headers, authorization: `Bearer ${key}` },
      ...(text === undefined ? {} : { body: text }),
      ...(signal ? { signal } : {}),
    };
    for (let attempt = 0; ; attempt++) {
      const answer = await once(new URL(path, url), init);
      if (!(answer instanceof Error) && !isWait(answer.status, answer.text)) return answer;
      // A server that never answered has a wrong address; one that did is restarting.
      const may = !(answer instanceof Error) || (reached && headers['idempotency-key'] !== undefined);
      const seconds = (answer instanceof Error ? 0 : answer.wait) || Math.min(2 ** attempt / 10, 5);
      if (!may || Date.now() + seconds * 1000 > deadline) throw refusal(answer, method, path);
      await setTimeout(seconds * 1000, undefined, signal ? { signal } : {});
    }
  }

  async function once(address: URL, init: RequestInit): Promise<{ status: number; text: string; wait: number } | Error> {
    try {
      const response = await fetch(address, init);
      reached = true;
      return { status: response.status, text: await response.text(), wait: Number(response.headers.get('retry-after') ?? 0) };
    } catch (error) {
      signal?.throwIfAborted();
      return error as Error;
    }
  }

  function refusal(answer: { status: number; text: string } | Error, method: string, path: string): Error {
    if (!(answer instanceof Error)) return new Refused(method, path, answer.status, answer.text);
    return new Error(`${url} cannot be reached (${reasonOf(answer)}).`, { cause: answer });
  }

  async function call<T>(method: string, path: string, body?: unknown): Promise<ApiAnswer<T>> {
    const headers: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    const answer = await send(method, path, body === undefined ? undefined : JSON.stringify(body), headers);
    return { status: answer.status, body: parsed(answer.text) as T };
  }

  return {
    call,
    async ask<T>(method: string, path: string, body?: unknown) {
      const answer = await call<T>(method, path, body);
      if (answer.status >= 300) throw new Refused(method, path, answer.status, JSON.stringify(answer.body));
      return answer.body;
    },
    async sendLines(lines) {
      const headers = { 'content-type': 'application/x-ndjson', 'idempotency-key': randomUUID() };
      const answer = await send('POST', '/v1/events', lines, headers);
      // 422 is a receipt, too: nothing of this batch was stored, but the next one may be.
      if (answer.status !== 202 && answer.status !== 422) throw new Refused('POST', '/v1/events', answer.status, answer.text);
      const receipt = parsed(answer.text) as Receipt;
      if (typeof receipt?.received !== 'number') throw new Refused('POST', '/v1/events', answer.status, answer.text);
      return receipt;
    },
  };
}

// A retry may arrive while its first attempt still runs under the same Idempotency-Key.
function isWait(status: number, body: string): boolean {
  return status === 429 || status === 503 || (status === 409 && body.includes('idempotency-running'));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function sentenceOf(body: string): string {
  const problem = parsed(body) as { title?: string; detail?: string } | string | null;
  if (typeof problem !== 'object' || !problem?.title) return body.slice(0, 300);
  return [problem.title, problem.detail].filter(Boolean).join('. ');
}

function reasonOf(error: Error): string {
  const cause = error.cause as { code?: string; message?: string } | undefined;
  return cause?.code ?? cause?.message ?? error.message;
}
