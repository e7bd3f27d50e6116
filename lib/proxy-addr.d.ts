// The package has no types of its own.
declare module 'proxy-addr' {
  import type { IncomingMessage } from 'node:http';

  type Trust = (address: string, hop: number) => boolean;
  const proxyAddr: {
    /**
     * Returns a function that tells whether an address is within one of these blocks. Throws a TypeError if one is neither an
     * address nor a CIDR block.
     */
    compile: (blocks: string[]) => Trust;
    /**
     * The connection's address, followed by the addresses that trusted proxies have forwarded. The last one is the furthest that
     * can be trusted.
     */
    all: (request: IncomingMessage, trust: Trust) => (string | undefined)[];
  };
  export default proxyAddr;
}
