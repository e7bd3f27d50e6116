import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { repeatErasures } from '../../jobs/privacy/repeat-erasures.ts';
import type { Config } from '../../lib/config.ts';
import type { Client } from '../../sql/database/db.ts';
import { findSignature, type Signature } from '../../sql/privacy/certificates.ts';
import { verifyChain } from './audit.ts';
import { LEDGER_OPTIONS, outsideLedger, withErasers } from './ledger.ts';
import { asOwner } from './owner.ts';
import { UsageError } from './usage.ts';

const FORMS = 'Use `privacy verify <certificate>` or `privacy repeat [--ledger <folder>]`.';

/** The command `privacy`. Returns sentences; throws if a certificate is not genuine, or an erasure cannot be repeated. */
export async function privacy(args: string[], config: Config): Promise<string> {
  const { values, positionals } = parseArgs({ args, options: { ledger: LEDGER_OPTIONS.ledger }, allowPositionals: true });
  const [act, file, ...more] = positionals;
  if (more.length > 0) throw new UsageError(FORMS);
  if (act === 'verify' && file) {
    const text = await readFile(file, 'utf8');
    return asOwner(config, 'privacy', (pool) => verifyCertificate(pool, text));
  }
  if (act !== 'repeat' || file) throw new UsageError(FORMS);
  const lines = (await outsideLedger(config, values)) ?? [];
  return asOwner(
    config,
    'privacy',
    (pool) => withErasers(pool, config, async (deps) => (await repeatErasures(deps, lines)).join('\n')),
    6,
  );
}

/**
 * Verifies a certificate, alone or within the answer of its request: its content must be what a row of the audit log signed, and
 * the whole chain of the log must be unchanged. Throws otherwise.
 */
export async function verifyCertificate(client: Pick<Client, 'query'>, text: string): Promise<string> {
  const given = readCertificate(text);
  const signature = given?.signature as Signature | undefined;
  if (!given || typeof signature?.audit_seq !== 'number') throw new Error('This is not a signed certificate of Mirante.');
  const signed = await findSignature(client, JSON.stringify(given), signature);
  if (!signed) throw new Error('The certificate is not genuine: no row of the audit log signed this content.');
  const chain = await verifyChain(client);
  return [
    `The certificate is genuine: row ${signature.audit_seq} of the audit log signed it at ${signed.at.toISOString()}, for the tenant ${signed.tenant_id}.`,
    chain,
  ].join('\n');
}

function readCertificate(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text) as Record<string, unknown>;
    return (value.certificate as Record<string, unknown> | undefined) ?? value;
  } catch {
    return undefined;
  }
}
