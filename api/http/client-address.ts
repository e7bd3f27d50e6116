import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import proxyAddr from 'proxy-addr';

/** Where a request comes from; null where its connection has gone already. */
export type ClientAddress = (request: IncomingMessage) => string | null;

/**
 * Tells where requests come from: X-Forwarded-For is believed as far back as each hop is one of the trusted proxies, and not at
 * all from anybody else.
 */
export function createClientAddress(trustedProxies: string[]): ClientAddress {
  const trusted = proxyAddr.compile(trustedProxies);
  return (request) => {
    // What a proxy forwards need not be an address: some write `unknown`, or add a port.
    const address = proxyAddr.all(request, trusted).findLast((hop) => hop !== undefined && isIP(hop) !== 0);
    return address === undefined ? null : plain(address);
  };
}

// Without the zone of a link-local address, which PostgreSQL does not take; IPv4 as itself where the socket speaks both.
const plain = (address: string) => address.replace(/%.*/, '').replace(/^::ffff:(?=\d+\.)/i, '');
