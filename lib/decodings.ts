import { isUtf8 } from 'node:buffer';

const ENTITIES: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  commat: '@',
  period: '.',
  lowbar: '_',
  plus: '+',
  hyphen: '-',
  dash: '-',
};

const JSON_ESCAPES: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

const fromCodePoint = (code: number) => (code <= 0x10ffff ? String.fromCodePoint(code) : '');

const unescaped = (text: string) =>
  text.replace(/\\(?:u([0-9a-f]{4})|(.))/gis, (_, digits: string | undefined, letter: string) =>
    digits ? String.fromCharCode(Number.parseInt(digits, 16)) : (JSON_ESCAPES[letter] ?? letter),
  );

// Byte by byte, because a body may mix form encoding and plain text, or be cut in the middle of a character.
const fromForm = (text: string) =>
  text.replaceAll('+', ' ').replace(/(?:%[0-9a-f]{2})+/gi, (run) => textOf(Buffer.from(run.replaceAll('%', ''), 'hex')));

const fromHtml = (text: string) =>
  text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]+));?/gi, (whole, hex, decimal, name) => {
    if (hex) return fromCodePoint(Number.parseInt(hex, 16));
    return decimal ? fromCodePoint(Number(decimal)) : (ENTITIES[name.toLowerCase()] ?? whole);
  });

const fromBase64 = (text: string) => text.replace(/[A-Za-z0-9+/_-]{6,}={0,2}/g, (run) => textOf(Buffer.from(run, 'base64')));

// Bytes that are not UTF-8 are most likely Latin-1.
const textOf = (bytes: Buffer) => bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1');

const DECODERS = [unescaped, fromForm, fromHtml, fromBase64];
/** How often decoders are applied one after another: JSON in Base64 in JSON, each with its escapes. */
const DEPTH = 3;
/** Decoding ends here: a text that decodes to ever new ones is hostile. */
const MOST = 200;

/**
 * The texts that bytes may stand for, as they are and decoded in every way in which they may have been sent: UTF-8, Latin-1,
 * UTF-16, escapes of JSON, form encoding, HTML entities and Base64, also within each other. In composed form (NFKC).
 */
export function decodings(raw: Buffer): Set<string> {
  const found = new Set([textOf(raw)]);
  if (raw.includes(0)) {
    const even = raw.subarray(0, raw.length - (raw.length % 2));
    found.add(even.toString('utf16le')).add(Buffer.from(even).swap16().toString('utf16le'));
    found.add(textOf(raw).replaceAll('\u0000', ''));
  }
  let last = [...found];
  for (let depth = 0; depth < DEPTH && found.size < MOST; depth++) {
    const next = new Set(last.flatMap((text) => DECODERS.map((decode) => decode(text))));
    last = [...next].filter((text) => !found.has(text));
    for (const text of last) found.add(text);
  }
  return new Set([...found].map((text) => text.normalize('NFKC')));
}
