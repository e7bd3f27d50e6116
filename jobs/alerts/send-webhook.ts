import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { BlockList } from 'node:net';
import proxyAddr from 'proxy-addr';
import { RequestFilteringHttpAgent, RequestFilteringHttpsAgent } from 'request-filtering-agent';
import { Webhook } from 'standardwebhooks';

/** One message for one URL. It is signed with each of `secrets`, so that a receiver may know any of them. */
export type WebhookMessage = { url: string; id: string; body: string; secrets: string[] };

/** An HTTP status, or an error code if there is none. */
export type WebhookAnswer = { status: number } | { error: string };

const LIMIT_MS = 15_000;

// The only IPv6 addresses assigned to the public Internet. Others may contain an IPv4 address (`::127.0.0.1`).
const GLOBAL_UNICAST = new BlockList();
GLOBAL_UNICAST.addSubnet('2000::', 3, 'ipv6');

/**
 * Sends a message, signed as Standard Webhooks specifies, and follows no redirect. Targets must be public and use https, unless
 * all their addresses are within `allowed` (addresses or CIDR blocks): those may be private and use http. Does not throw: returns
 * an error code instead.
 */
export async function sendWebhook(message: WebhookMessage, allowed: string[]): Promise<WebhookAnswer> {
  const limit = AbortSignal.timeout(LIMIT_MS);
  const late = once(limit, 'abort').then(() => {
    throw limit.reason;
  });
  try {
    return await Promise.race([send(message, allowed, limit), late]);
  } catch (error) {
    return { error: wordOf(error as NodeJS.ErrnoException) };
  }
}

type Found = { address: string; family: number }[];

// The agent rejects special addresses within these, and in IPv4.
const isGlobal = ({ address, family }: Found[number]) => family === 4 || GLOBAL_UNICAST.check(address, 'ipv6');

// The name is resolved once and the connection uses those addresses, so that a second answer cannot redirect it.
async function send(
  { url, id, body, secrets }: WebhookMessage,
  allowed: string[],
  signal: AbortSignal,
): Promise<WebhookAnswer> {
  const target = new URL(url);
  const addresses = await lookup(target.hostname.replace(/^\[|\]$/g, ''), { all: true });
  const isAllowed = proxyAddr.compile(allowed);
  const trusted = addresses.every(({ address }) => isAllowed(address, 0));
  if (target.protocol !== 'https:' && !trusted) return { error: 'not-encrypted' };
  if (!trusted && !addresses.every(isGlobal)) return { error: 'private-network' };
  const now = new Date();
  const request = (target.protocol === 'https:' ? https : http).request(target, {
    method: 'POST',
    agent: agentFor(target, addresses, trusted),
    signal,
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'user-agent': 'Mirante',
      'webhook-id': id,
      'webhook-timestamp': Math.floor(now.getTime() / 1000),
      'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, now, body)).join(' '),
    },
  });
  // Errors after the response or the time limit are ignored.
  request.on('error', () => undefined);
  request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  // The rest of the response is discarded, however long.
  response.destroy();
  return { status: response.statusCode ?? 0 };
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

// One of our codes or the system's error code. A whole message could reveal the network.
function wordOf(error: NodeJS.ErrnoException): string {
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'timeout';
  if (error.code) return error.code;
  return / is not allowed\. Because/.test(error.message) ? 'private-network' : 'not-sent';
}
