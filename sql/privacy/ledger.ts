import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Client, Pool } from '../database/db.ts';
import type { Person } from './place.ts';

/** One entry of the erasure ledger, as it is stored outside the database. */
const entry = z.strictObject({
  seq: z.number().int().positive(),
  id: z.uuid(),
  at: z.string(),
  kind: z.enum(['opened', 'erasure', 'withdrawal', 'restoration', 'key-destroyed', 'offboarding', 'imported']),
  tenant_id: z.uuid(),
  /** The pseudonym of the person; of a withdrawal the hash under the key of withdrawals. */
  person_hash: z.string().nullable(),
  /**
   * The plain identifier, encrypted under the tenant's pseudonym key. Events of types with plain subjects, and rejected input,
   * contain it, and a hash cannot find a part of a text. Without that key, which is in no file of the ledger, nobody can read it.
   */
  sealed: z.string().nullable(),
  /** Tells which pseudonym key that is, or which one was destroyed. */
  key_mark: z.string().nullable(),
  /** SHA-256 of the line of the entry before, in hexadecimal; empty for the first. */
  previous: z.string(),
});
export type LedgerEntry = z.infer<typeof entry>;

/** The SHA-256 of an entry's line, which the next entry contains. */
export const hashOfLine = (line: string) => createHash('sha256').update(line).digest('hex');

/** Reads the lines of a ledger from `after` on. Throws an Error that names the first entry that does not follow from the one before. */
export function readChainOf(lines: string[], after: { seq: number; line: string | null }): LedgerEntry[] {
  let { seq } = after;
  let previous = after.line === null ? '' : hashOfLine(after.line);
  return lines.map((line) => {
    let found: LedgerEntry | undefined;
    try {
      found = entry.parse(JSON.parse(line));
    } catch {
      found = undefined;
    }
    if (found?.seq !== seq + 1 || found.previous !== previous)
      throw new Error(
        `Entry ${seq + 1} of the erasure ledger does not follow from the one before: it was changed or exchanged.`,
      );
    seq += 1;
    previous = hashOfLine(line);
    return found;
  });
}

const keyOf = (pseudonymKey: Buffer) => Buffer.from(hkdfSync('sha256', pseudonymKey, '', 'mirante erasure ledger', 32));

/** Encrypts an identifier under a tenant's pseudonym key: AES-256-GCM, as base64url of nonce, tag and text. */
export function seal(subject: string, pseudonymKey: Buffer): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', keyOf(pseudonymKey), nonce);
  const text = Buffer.concat([cipher.update(subject, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url');
}

/** The identifier that seal() encrypted; undefined if this is another key. */
export function unseal(sealed: string, pseudonymKey: Buffer): string | undefined {
  const bytes = Buffer.from(sealed, 'base64url');
  try {
    const decipher = createDecipheriv('aes-256-gcm', keyOf(pseudonymKey), bytes.subarray(0, 12));
    decipher.setAuthTag(bytes.subarray(12, 28));
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}

/** The last entry of the chain in this database. */
export async function ledgerHead(client: Client | Pool): Promise<{ seq: number; line: string | null }> {
  const { rows } = await client.query<{ seq: number; line: string }>(
    'select seq, line from private.erasure_ledger where seq is not null order by seq desc limit 1',
  );
  return rows[0] ?? { seq: 0, line: null };
}

/** The place of an entry in the chain, and the SHA-256 of its line; undefined until it is outside the database. */
export async function findEntry(client: Client | Pool, id: string): Promise<{ seq: number; sha256: string } | undefined> {
  const { rows } = await client.query<{ seq: number; line: string }>(
    'select seq, line from private.erasure_ledger where id = $1 and seq is not null',
    [id],
  );
  return rows[0] && { seq: rows[0].seq, sha256: hashOfLine(rows[0].line) };
}

/** The chain in this database, from its first entry; of one tenant if given. */
export async function ledgerLines(client: Client | Pool, tenantId?: string): Promise<string[]> {
  const { rows } = await client.query<{ line: string }>(
    'select line from private.erasure_ledger where seq is not null and ($1::uuid is null or tenant = $1) order by seq',
    [tenantId ?? null],
  );
  return rows.map(({ line }) => line);
}

/** The next entry of the chain, with its line: the oldest that has none yet. Call it under the lock of the ledger. */
export async function nextEntry(client: Client): Promise<{ seq: number; id: string; line: string } | undefined> {
  const { rows } = await client.query<
    Omit<LedgerEntry, 'seq' | 'sealed' | 'previous'> & { person: string | null; key: Buffer | null }
  >(
    `select l.id, to_char(l.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, l.kind, l.tenant as tenant_id, l.person_hash,
       coalesce(l.key_mark, private.key_mark(k.key)) as key_mark, r.person, k.key
     from private.erasure_ledger l
       left join private.privacy_requests r on r.id = l.id and l.kind = 'erasure'
       left join private.pseudonym_keys k on k.tenant_id = l.tenant
     where l.seq is null order by l.at, l.id limit 1`,
  );
  if (!rows[0]) return undefined;
  const { person, key, ...row } = rows[0];
  const head = await ledgerHead(client);
  const made: LedgerEntry = {
    seq: head.seq + 1,
    ...row,
    sealed: person !== null && key !== null ? seal(person, key) : null,
    previous: head.line === null ? '' : hashOfLine(head.line),
  };
  return { seq: made.seq, id: made.id, line: JSON.stringify(made) };
}

/** Gives an entry its place in the chain. Call it once its line is in the object store. */
export async function placeEntry(client: Client, { seq, id, line }: { seq: number; id: string; line: string }): Promise<void> {
  await client.query('update private.erasure_ledger set seq = $2, line = $3 where id = $1', [id, seq, line]);
}

/** Takes the lock of the ledger until the transaction ends: one process at a time continues the chain. */
export async function lockLedger(client: Client): Promise<void> {
  await client.query("select storage.take_lock('erasure ledger')");
}

/** Adds an entry from outside to the chain in this database. Returns false if this database knew what it is about. */
export async function adoptEntry(client: Client, one: LedgerEntry, line: string): Promise<boolean> {
  const known = await client.query('update private.erasure_ledger set seq = $2, line = $3 where id = $1 and seq is null', [
    one.id,
    one.seq,
    line,
  ]);
  if (known.rowCount === 1) return false;
  await client.query(
    `insert into private.erasure_ledger (id, tenant, kind, person_hash, key_mark, at, seq, line) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [one.id, one.tenant_id, one.kind, one.person_hash, one.key_mark, one.at, one.seq, line],
  );
  return true;
}

/** What was done for an entry that this database did not know. */
export type Adopted = { entry: LedgerEntry; repeated: Repeated };

/** Records that a tenant was imported: its earlier removal is not repeated any more. */
export async function noteImport(client: Client, tenantId: string): Promise<void> {
  await client.query("insert into private.erasure_ledger (tenant, kind) values ($1, 'imported')", [tenantId]);
}

export type Repeated = 'scheduled' | 'done' | 'no-tenant' | 'by-pseudonym' | 'superseded';

/**
 * Repeats what an entry records, on data from before it. An erasure and the removal of a tenant are scheduled; the rest is done at
 * once. `by-pseudonym`: the key that encrypted the identifier is gone, so only the pseudonym is searched. Call it in the
 * transaction that adopts the entry.
 */
export async function repeatEntry(client: Client, one: LedgerEntry, later: LedgerEntry[]): Promise<Repeated> {
  const { rows } = await client.query<{ key: Buffer | null }>(
    'select k.key from private.tenants t left join private.pseudonym_keys k on k.tenant_id = t.id where t.id = $1',
    [one.tenant_id],
  );
  if (!rows[0]) return 'no-tenant';
  const ofTenant = later.filter(({ tenant_id }) => tenant_id === one.tenant_id);
  switch (one.kind) {
    case 'erasure': {
      const subject = one.sealed !== null && rows[0].key ? unseal(one.sealed, rows[0].key) : undefined;
      await client.query(
        `insert into private.privacy_requests (id, tenant_id, kind, person, person_hash, reason, created_at, due_at)
         values ($1, $2, 'erasure', $3, $4, 'Repeated from the erasure ledger', $5::timestamptz, now() + interval '15 days')
         on conflict (id) do update set status = 'queued', person = excluded.person, progress = 0, completed_at = null, retry_at = null,
           reason = excluded.reason where privacy_requests.status <> 'completed'`,
        [one.id, one.tenant_id, subject ?? one.person_hash, one.person_hash, one.at],
      );
      return subject === undefined ? 'by-pseudonym' : 'scheduled';
    }
    case 'withdrawal':
      await client.query(
        'insert into private.withdrawn_subjects (tenant_id, subject_hash, withdrawn_at) values ($1, $2, $3) on conflict do nothing',
        [one.tenant_id, one.person_hash, one.at],
      );
      return 'done';
    case 'restoration':
      await client.query('delete from private.withdrawn_subjects where tenant_id = $1 and subject_hash = $2', [
        one.tenant_id,
        one.person_hash,
      ]);
      return 'done';
    case 'key-destroyed':
      await client.query('delete from private.pseudonym_keys where tenant_id = $1 and private.key_mark(key) = $2', [
        one.tenant_id,
        one.key_mark,
      ]);
      return 'done';
    case 'offboarding':
      if (ofTenant.some(({ kind }) => kind === 'imported')) return 'superseded';
      await client.query('select from door.offboard_tenant($1)', [one.tenant_id]);
      return 'scheduled';
    case 'opened':
    case 'imported':
      return 'done';
  }
}

/** Whether this ledger is that of the platform where a tenant's export was made: it has that entry, or knows the tenant. */
export function isOfExport(lines: string[], tenantId: string, head: { seq: number; sha256: string } | null): boolean {
  const line = head ? lines[head.seq - 1] : undefined;
  if (head && line !== undefined) return hashOfLine(line) === head.sha256;
  return head === null && lines.some((one) => (JSON.parse(one) as LedgerEntry).tenant_id === tenantId);
}

/** The erasures of a tenant, each with the person as far as this database's key opens the entry, and until when it covers. */
export async function erasuresOf(
  client: Client,
  tenantId: string,
  lines: string[],
): Promise<{ person: Person; until: string }[]> {
  const { rows } = await client.query<{ key: Buffer }>('select key from private.pseudonym_keys where tenant_id = $1', [
    tenantId,
  ]);
  const key = rows[0]?.key;
  return entriesOf(lines, tenantId).flatMap(({ kind, sealed, person_hash: hash, at }) => {
    if (kind !== 'erasure' || hash === null) return [];
    const subject = (sealed !== null && key ? unseal(sealed, key) : undefined) ?? hash;
    return [{ person: { tenantId, subject, hash }, until: at }];
  });
}

/** What must be repeated on a tenant that is imported: all except removals, because the import is meant to bring it back. */
export function entriesOf(lines: string[], tenantId: string): LedgerEntry[] {
  return lines
    .map((line) => JSON.parse(line) as LedgerEntry)
    .filter(({ tenant_id, kind }) => tenant_id === tenantId && kind !== 'offboarding' && kind !== 'imported');
}
