import type { Client } from '../database/db.ts';

/** Binds a certificate to the audit log: row `audit_seq` of the log, whose hash is `audit_hash`, contains its SHA-256. */
export type Signature = { sha256: string; audit_seq: number; audit_hash: string };

// The text of jsonb is the same for the same content, whatever the order of its members was.
const DIGEST = `encode(sha256(convert_to(($1::jsonb - 'signature')::text, 'UTF8')), 'hex')`;

/**
 * Signs a certificate with the hash chain of the audit log, and returns it with its signature. Call it last in the transaction
 * that completes what is certified, because it locks the audit log until then.
 */
export async function signCertificate<T extends object>(
  client: Client,
  tenantId: string,
  target: string,
  certificate: T,
): Promise<T & { signature: Signature }> {
  const { rows: sums } = await client.query<{ sha256: string }>(`select ${DIGEST} as sha256`, [JSON.stringify(certificate)]);
  const sha256 = sums[0]?.sha256 as string;
  await client.query(
    "select private.append_audit($1::uuid, 'certificate.signed', $2, jsonb_build_object('sha256', $3::text))",
    [tenantId, target, sha256],
  );
  const { rows } = await client.query<{ seq: number; hash: string }>(
    "select seq, encode(hash, 'hex') as hash from private.audit_log order by seq desc limit 1",
  );
  const { seq, hash } = rows[0] as { seq: number; hash: string };
  return { ...certificate, signature: { sha256, audit_seq: seq, audit_hash: hash } };
}

export type SignedRow = { at: Date; tenant_id: string; target: string };

/** The row of the audit log that signed this certificate, given as JSON text; undefined if none did, or for other content. */
export async function findSignature(
  client: Pick<Client, 'query'>,
  text: string,
  { audit_seq, audit_hash }: Signature,
): Promise<SignedRow | undefined> {
  const { rows } = await client.query<SignedRow>(
    `select at, tenant_id, target from private.audit_log
     where seq = $2 and encode(hash, 'hex') = $3 and action = 'certificate.signed' and details ->> 'sha256' = ${DIGEST}`,
    [text, audit_seq, audit_hash],
  );
  return rows[0];
}
