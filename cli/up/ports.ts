import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { freePort } from '../../lib/embedded-postgres.ts';

/**
 * Returns the port, or a free one for 0. Throws an Error that names the variable if another program still uses the port
 * after `patienceMs`, or if this account may not use it.
 */
export async function claimPort(host: string, port: number, variable: string, patienceMs = 0): Promise<number> {
  if (port === 0) return freePort();
  for (const deadline = Date.now() + patienceMs; ; await setTimeout(100)) {
    const error = await tryPort(host, port);
    if (!error) return port;
    if (error.code !== 'EADDRINUSE' || Date.now() > deadline) throw sentence(error, port, variable);
  }
}

function tryPort(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', done);
    server.listen(port, host, () => server.close(() => done(undefined)));
  });
}

function sentence(error: NodeJS.ErrnoException, port: number, variable: string): Error {
  if (error.code === 'EADDRINUSE') {
    return new Error(`Port ${port} is in use by another program: stop it, or set ${variable} to another port.`);
  }
  if (error.code === 'EACCES')
    return new Error(`Port ${port} may not be used by this account: set ${variable} to one above 1023.`);
  return error;
}
