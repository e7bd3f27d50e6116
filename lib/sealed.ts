import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { Transform } from 'node:stream';

/** Plain bytes of each chunk but the last, which has fewer or as many. */
const CHUNK = 64 * 1024;
const TAG = 16;
const FORMAT = Buffer.from('mirante sealed 1');

/** A key for one body. Never use it for a second one: the nonces are counted. */
export const newBodyKey = () => randomBytes(32);

// The nonce is the chunk's position and whether it is the last, so that chunks that are cut off, moved or added do not open.
function nonceOf(position: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(position), 3);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}

/** Cuts a stream into pieces of `size` bytes; `use` gets each with its position, and whether it is the last. */
function inPieces(size: number, use: (piece: Buffer, position: number, isLast: boolean) => Buffer): Transform {
  let waiting: Buffer[] = [];
  let length = 0;
  let position = 0;
  const take = (): Buffer => {
    const all = waiting.length === 1 ? (waiting[0] as Buffer) : Buffer.concat(waiting, length);
    const rest = all.subarray(size);
    waiting = [rest];
    length = rest.length;
    return all.subarray(0, size);
  };
  return new Transform({
    transform(bytes: Buffer, _encoding, done) {
      try {
        waiting.push(bytes);
        length += bytes.length;
        // A whole piece waits until a further byte shows that it is not the last.
        while (length > size) this.push(use(take(), position++, false));
        done();
      } catch (error) {
        done(error as Error);
      }
    },
    flush(done) {
      try {
        done(null, use(take(), position, true));
      } catch (error) {
        done(error as Error);
      }
    },
  });
}

/** A stream that encrypts with AES-256-GCM, in chunks that each prove their place. */
export function createSealer(key: Buffer): Transform {
  return inPieces(CHUNK, (piece, position, isLast) => {
    const cipher = createCipheriv('aes-256-gcm', key, nonceOf(position, isLast)).setAAD(FORMAT);
    return Buffer.concat([cipher.update(piece), cipher.final(), cipher.getAuthTag()]);
  });
}

/** The reverse of createSealer(). Fails if a byte was changed, or a chunk cut off, moved or added. */
export function createOpener(key: Buffer): Transform {
  return inPieces(CHUNK + TAG, (piece, position, isLast) => open(key, nonceOf(position, isLast), FORMAT, piece));
}

function open(key: Buffer, nonce: Buffer, about: Buffer, sealed: Buffer): Buffer {
  if (sealed.length < TAG) throw new Error('The encrypted body is cut off.');
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG }).setAAD(about);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, sealed.length - TAG)), decipher.final()]);
  } catch (cause) {
    throw new Error('The encrypted bytes were changed or cut off, or the key is another one.', { cause });
  }
}

/** Mark of a secret, which reveals nothing of it: which secret a key is sealed with. */
export const markOf = (secret: string) =>
  createHash('sha256')
    .update(Buffer.from(hkdfSync('sha256', secret, '', 'mirante sealed mark', 32)))
    .digest('hex')
    .slice(0, 16);

// A key for each tenant, so that what one tenant's key opens is never another's.
const tenantKey = (secret: string, tenantId: string) =>
  Buffer.from(hkdfSync('sha256', secret, '', `mirante sealed bodies ${tenantId}`, 32));

/** Encrypts a body's key with the key of its tenant, which is derived from the platform's secret. */
export function sealKey(secret: string, tenantId: string, id: string, key: Buffer): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', tenantKey(secret, tenantId), nonce).setAAD(Buffer.from(id));
  return Buffer.concat([nonce, cipher.update(key), cipher.final(), cipher.getAuthTag()]);
}

/** The reverse of sealKey(). Throws if it was sealed with another secret, or for another tenant or body. */
export function openKey(secret: string, tenantId: string, id: string, sealed: Buffer): Buffer {
  return open(tenantKey(secret, tenantId), sealed.subarray(0, 12), Buffer.from(id), sealed.subarray(12));
}
