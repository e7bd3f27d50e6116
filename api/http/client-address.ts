import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import proxyAddr from 'proxy-addr';

/** Returns the client's address, or null if the connection has already closed. */
export type ClientAddress = (request: IncomingMessage) => string | null;

/**
 * Returns a function that finds the client's address. Trusts X-Forwarded-For only as far back as each hop is a trusted proxy.
 */
export function createClientAddress(trustedProxies: string[]): ClientAddress {
  const trusted = proxyAddr.compile(trustedProxies);
  return (request) => {
    // X-Forwarded-For may hold text that is not an address: some proxies write `unknown` or add a port.
    const address = proxyAddr.all(request, trusted).findLast((hop) => hop !== undefined && isIP(hop) !== 0);
    return address === undefined ? null : plain(address);
  };
}

// Removes the zone of a link-local address, which PostgreSQL rejects, and unwraps IPv4 addresses of a dual-stack socket.
const plain = (address: string) => address.replace(/%.*/, '').replace(/^::ffff:(?=\d+\.)/i, '');
