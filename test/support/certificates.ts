import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unprivilegedAccount } from '../../lib/embedded-home.ts';

export type Certificates = {
  folder: string;
  /** The authority that signed the server's certificate, and another one. */
  ca: string;
  otherCa: string;
  /** Valid for 127.0.0.1 and for no name. */
  cert: string;
  key: string;
  remove: () => void;
};

/** Creates certificates for a test server, in a folder that the server's account can read. */
export function makeCertificates(openssl: string): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'mirante-tls-'));
  chmodSync(folder, 0o755);
  const file = (name: string) => join(folder, name);
  const run = (...args: string[]) => execFileSync(openssl, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const fresh = (name: string) =>
    ['-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${name}`, '-keyout', file(`${name}.key`)] as const;
  for (const name of ['ca', 'other-ca']) run('req', '-x509', '-days', '2', ...fresh(name), '-out', file(`${name}.crt`));
  run('req', ...fresh('server'), '-out', file('server.csr'));
  writeFileSync(file('names'), 'subjectAltName=IP:127.0.0.1\n');
  const signed = ['-CA', file('ca.crt'), '-CAkey', file('ca.key'), '-CAcreateserial', '-days', '2', '-extfile', file('names')];
  run('x509', '-req', '-in', file('server.csr'), ...signed, '-out', file('server.crt'));
  if (process.getuid?.() === 0) {
    const { uid, gid } = unprivilegedAccount();
    chownSync(file('server.key'), uid, gid);
  }
  return {
    folder,
    ca: file('ca.crt'),
    otherCa: file('other-ca.crt'),
    cert: file('server.crt'),
    key: file('server.key'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
