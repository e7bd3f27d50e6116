import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { BlockList } from 'node:net';
import proxyAddr from 'proxy-addr';
import { RequestFilteringHttpAgent, RequestFilteringHttpsAgent } from 'request-filtering-agent';

export type GuardedRequest = { url: string; method: 'GET' | 'POST'; headers: http.OutgoingHttpHeaders; body?: string };

// The only IPv6 addresses assigned to the public Internet. Others may contain an IPv4 address (`::127.0.0.1`).
const GLOBAL_UNICAST = new BlockList();
GLOBAL_UNICAST.addSubnet('2000::', 3, 'ipv6');

type Found = { address: string; family: number }[];

// The agent rejects special addresses within these, and in IPv4.
const isGlobal = ({ address, family }: Found[number]) => family === 4 || GLOBAL_UNICAST.check(address, 'ipv6');

/**
 * Requests a URL that a tenant named, and follows no redirect. Targets must be public and use https, unless all their addresses
 * are within `allowed` (addresses or CIDR blocks): those may be private and use http. Resolves with the response, whose body the
 * caller reads or destroys, or with an error code. Rejects with an error that wordOf() names.
 */
export async function guardedRequest(
  { url, method, headers, body }: GuardedRequest,
  allowed: string[],
  signal: AbortSignal,
): Promise<http.IncomingMessage | { error: string }> {
  const target = new URL(url);
  // The name is resolved once and the connection uses those addresses, so that a second answer cannot redirect it.
  const addresses = await lookup(target.hostname.replace(/^\[|\]$/g, ''), { all: true });
  const isAllowed = proxyAddr.compile(allowed);
  const trusted = addresses.every(({ address }) => isAllowed(address, 0));
  if (target.protocol !== 'https:' && !trusted) return { error: 'not-encrypted' };
  if (!trusted && !addresses.every(isGlobal)) return { error: 'private-network' };
  const agent = agentFor(target, addresses, trusted);
  const request = (target.protocol === 'https:' ? https : http).request(target, { method, agent, signal, headers });
  // Errors after the response or the time limit are ignored.
  request.on('error', () => undefined);
  request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return response;
}

/** Runs `work` with a signal that aborts after `ms`, and rejects then, even if a name is still being resolved. */
export async function withinLimit<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const limit = AbortSignal.timeout(ms);
  const late = once(limit, 'abort').then(() => {
    throw limit.reason;
  });
  return Promise.race([work(limit), late]);
}

/** One of our codes or the system's error code. A whole message could reveal the network. */
export function wordOf(error: NodeJS.ErrnoException): string {
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'timeout';
  if (error.code) return error.code;
  return / is not allowed\. Because/.test(error.message) ? 'private-network' : 'not-sent';
}

type Lookup = (
  name: string,
  options: { all?: boolean },
  done: (error: null, found: string | Found, family?: number) => void,
) => void;

function agentFor({ protocol }: URL, addresses: Found, trusted: boolean): http.Agent {
  const [first] = addresses as [Found[number]];
  const found: Lookup = (_name, { all }, done) => (all ? done(null, addresses) : done(null, first.address, first.family));
  const options = { lookup: found as never };
  if (protocol === 'https:') return trusted ? new https.Agent(options) : new RequestFilteringHttpsAgent(options);
  return trusted ? new http.Agent(options) : new RequestFilteringHttpAgent(options);
}
