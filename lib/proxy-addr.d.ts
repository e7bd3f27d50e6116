// The package brings no types of its own.
declare module 'proxy-addr' {
  import type { IncomingMessage } from 'node:http';

  type Trust = (address: string, hop: number) => boolean;
  const proxyAddr: {
    /** Whether an address is within one of these. Throws a TypeError where one is neither an address nor a CIDR block. */
    compile: (blocks: string[]) => Trust;
    /** The connection's address, and before it what trusted proxies have forwarded, the furthest that can be believed last. */
    all: (request: IncomingMessage, trust: Trust) => (string | undefined)[];
  };
  export default proxyAddr;
}
