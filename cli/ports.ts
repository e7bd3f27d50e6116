import { createServer } from 'node:net';
import { freePort } from '../lib/embedded-postgres.ts';

/** The port itself, or a free one for 0. Throws a sentence that names the variable where another program holds it. */
export async function claimPort(host: string, port: number, variable: string): Promise<number> {
  if (port === 0) return freePort();
  await new Promise<void>((done, fail) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => fail(sentence(error, port, variable)));
    server.listen(port, host, () => server.close(() => done()));
  });
  return port;
}

function sentence(error: NodeJS.ErrnoException, port: number, variable: string): Error {
  if (error.code === 'EADDRINUSE') {
    return new Error(`Port ${port} is in use by another program: stop it, or set ${variable} to another port.`);
  }
  if (error.code === 'EACCES')
    return new Error(`Port ${port} may not be used by this account: set ${variable} to one above 1023.`);
  return error;
}
