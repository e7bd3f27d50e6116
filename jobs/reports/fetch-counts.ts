import type { IncomingMessage } from 'node:http';
import { guardedRequest, withinLimit, wordOf } from '../../lib/guarded-request.ts';
import { CHANNELS } from '../../sql/performance/services.ts';
import type { NewChannelMonth } from '../../sql/reports/channels.ts';
import type { ChannelMapping } from '../../sql/reports/connectors.ts';

export type CountsRequest = { url: string; authorization: string | undefined; mapping: ChannelMapping; period: string };

/** Why a fetch failed: a stable code, and a sentence for people that contains nothing of the answer. */
export type FetchFault = { error: string; detail: string };

const LIMIT_MS = 15_000;
const MAX_BYTES = 1024 * 1024;
/** Greatest count and cost: beyond it numbers of JSON are no longer exact. */
const MAX_COUNT = 1e12;

/** Requests the counts of one month from another system. Does not throw: returns why it failed instead. */
export async function fetchCounts(request: CountsRequest, allowed: string[]): Promise<NewChannelMonth | FetchFault> {
  const { url, authorization, period } = request;
  const headers = { accept: 'application/json', 'user-agent': 'Mirante', ...(authorization && { authorization }) };
  try {
    return await withinLimit(LIMIT_MS, async (signal) => {
      const target = url.replaceAll('{period}', period);
      const response = await guardedRequest({ url: target, method: 'GET', headers }, allowed, signal);
      if ('error' in response) return faultOf(response.error);
      return readAnswer(response, request);
    });
  } catch (error) {
    return faultOf(wordOf(error as NodeJS.ErrnoException));
  }
}

const DETAILS: Record<string, string> = {
  timeout: `The system did not answer within ${LIMIT_MS / 1000} seconds.`,
  'private-network': 'The address is in a private network. Use a public one, or ask the operator to allow it.',
  'not-encrypted': 'The address does not use https.',
  ENOTFOUND: 'The host name is unknown.',
  ECONNREFUSED: 'The system refused the connection.',
};

const faultOf = (error: string): FetchFault => ({
  error,
  detail: DETAILS[error] ?? `The system could not be reached (${error}).`,
});

async function readAnswer(
  response: IncomingMessage,
  { mapping, period }: CountsRequest,
): Promise<NewChannelMonth | FetchFault> {
  const status = response.statusCode ?? 0;
  const refuse = (error: string, detail: string): FetchFault => {
    response.destroy();
    return { error, detail };
  };
  if (status >= 300 && status < 400)
    return refuse('redirect', `The system answered ${status} and redirects elsewhere. Enter the final address.`);
  if (status !== 200) return refuse('status', `The system answered with HTTP status ${status}.`);
  const type = response.headers['content-type'] ?? '';
  if (!/^application\/([\w.+-]+\+)?json\b/i.test(type))
    return refuse(
      'not-json',
      `The system answered with ${/^[\w./+-]{1,60}/.exec(type)?.[0] ?? 'no media type'}, not with JSON.`,
    );
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) return refuse('too-large', 'The answer is longer than 1 MiB.');
    chunks.push(chunk);
  }
  try {
    return mapped(JSON.parse(Buffer.concat(chunks).toString('utf8')), mapping, period);
  } catch (error) {
    if (error instanceof Unmapped) return { error: error.code, detail: error.message };
    return { error: 'not-json', detail: 'The answer is not complete JSON.' };
  }
}

class Unmapped extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The counts of a document, by the pointers of a mapping. Throws where a pointer finds no number. */
function mapped(
  document: unknown,
  { costs, period: where, assisted_digital, ...channels }: ChannelMapping,
  period: string,
): NewChannelMonth {
  if (where !== undefined && valueAt(document, where) !== period)
    throw new Unmapped('wrong-period', `${where} is not ${period}: the answer is about another month.`);
  const count = (pointer: string) => numberAt(document, pointer, Number.isSafeInteger, 'a whole number');
  const cost = (pointer: string) => numberAt(document, pointer, Number.isFinite, 'a number');
  const { currency, ...places } = costs ?? {};
  return {
    period,
    ...valuesOf(channels, count),
    ...(assisted_digital !== undefined && { assisted_digital: count(assisted_digital) }),
    ...(currency !== undefined && { costs: { currency, ...valuesOf(places, cost) } }),
  };
}

function valuesOf(places: Record<string, string | undefined>, read: (pointer: string) => number): Record<string, number> {
  return Object.fromEntries(
    CHANNELS.flatMap((channel) => {
      const pointer = places[channel];
      return pointer === undefined ? [] : [[channel, read(pointer)] as const];
    }),
  );
}

function numberAt(document: unknown, pointer: string, isValid: (value: number) => boolean, what: string): number {
  const value = valueAt(document, pointer);
  if (value === undefined) throw new Unmapped('no-such-place', `The answer has nothing at ${pointer}.`);
  if (typeof value !== 'number' || !isValid(value) || value < 0 || value > MAX_COUNT)
    throw new Unmapped('not-a-count', `${pointer} is not ${what} from 0 upwards.`);
  return value;
}

// JSON Pointer (RFC 6901).
function valueAt(document: unknown, pointer: string): unknown {
  let value = document;
  for (const step of pointer.split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
