/** Picks distinct items of a list, the same ones for the same random numbers. */
export function some<T>(items: readonly T[], count: number, random: () => number): T[] {
  const left = [...items];
  return Array.from(
    { length: Math.min(count, items.length) },
    () => left.splice(Math.floor(random() * left.length), 1)[0] as T,
  );
}

const DATES = [
  '2026-02-30',
  '2026-13-01',
  '2026-00-00',
  '0000-01-01',
  '0001-01-01',
  '9999-12-31',
  '10000-01-01',
  '275760-09-13',
  '+275760-09-14',
  '294277-01-01',
  '-004713-11-23',
  '1900-02-29',
];
const CLOCKS = ['00:00:00', '23:59:60', '24:00:00', '25:61:61', '12:00:00.9999999', '00:00:00.000000001'];
const ZONES = ['Z', '+00', '+00:00', '+15:59:59', '-23:59', '+24:00', ''];

/** Dates and times that are impossible or that no database can store, and some at the limits of both. */
export const TIMES = [
  ...DATES,
  ...DATES.flatMap((date) => ['T', ' '].flatMap((gap) => ZONES.map((zone) => `${date}${gap}00:00:00${zone}`))),
  ...CLOCKS.flatMap((clock) => ['T', ' '].flatMap((gap) => ZONES.map((zone) => `2026-06-30${gap}${clock}${zone}`))),
  '9999-12-31T23:59:59-23:59',
  '0001-01-01T00:00:00+23:59',
  '0044-03-15 00:00:00+00 BC',
  '٢٠٢٦-٠١-٠١T00:00:00Z',
  '２０２６-01-01T00:00:00Z',
  'infinity',
  '-infinity',
  'epoch',
  'now',
  'today',
  '1e12',
  '1767225600000',
];

const IDS = [
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  '{019aa0a0-0000-7000-8000-000000000000}',
  '019AA0A0-0000-7000-8000-000000000000',
  '019aa0a000007000800000000000000',
  '019aa0a0-0000-7000-8000-00000000000g',
];

const NUMBERS = [
  '0',
  '-0',
  '-1',
  '1.5',
  '1e3',
  '1e999',
  '-1e999',
  '1e-400',
  '0x10',
  '١٢',
  'NaN',
  'Infinity',
  '2147483648',
  '9007199254740993',
  '9223372036854775808',
  '9'.repeat(400),
];

const NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineGetter__', 'valueOf', 'then'];

const WORDS = [
  '',
  ' ',
  'null',
  'true',
  '%',
  '\\',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'a\udfffb',
  '\uffff',
  '\u{10ffff}',
  '\u202e',
  '\u0001\u001f\u007f\u0085',
  '\r\nX-Injected: 1',
  "'; drop table private.events; --",
  '$1',
  '{{grant}}',
  '[[',
  '../../../../etc/passwd',
  '/',
  '.',
  '..',
  '~0~1~2',
  'a,b,,c',
  '*',
  '(?:(?:(?:a+)+)+)+$',
  '[',
  '=1+1',
  'İıſK',
  'é'.repeat(300),
  '😀'.repeat(200),
  'a'.repeat(5_000),
  '{'.repeat(2_000),
  'https://[::127.0.0.1]/',
  'https://user:pass@host/',
  'javascript:alert(1)',
  'US/Pacific-New',
  'Etc/GMT+15',
  'America/Sao_Paulo\u0000',
];

/** Texts that no sensible client sends. */
export const TEXTS = [...TIMES, ...IDS, ...NUMBERS, ...NAMES, ...WORDS];

/** Invalid UTF-8 or invalid percent-encoding, as in a URL. */
export const ENCODED = [
  '%',
  '%z',
  '%zz',
  '%00',
  '%ff',
  '%c0%80',
  '%ed%a0%80',
  '%f4%90%80%80',
  '%2f',
  '%2e%2e%2f',
  '%25ff',
  'a%0d%0ab',
  '\u00ff',
];

/** JSON of the wrong type, and invalid JSON. */
export const JSONS = [
  'null',
  'true',
  'NaN',
  'Infinity',
  '-Infinity',
  '1e999',
  '-1e999',
  '1e308',
  '-0',
  '0.1',
  '9007199254740993',
  '-9223372036854775809',
  '9'.repeat(400),
  '[]',
  '{}',
  '["a"]',
  '[null]',
  '[{}]',
  '{"__proto__":{"isAdmin":true}}',
  '{"__proto__":"x"}',
  '{"constructor":{"prototype":{"isAdmin":true}}}',
  '{"constructor":"x"}',
  '{"toString":"x"}',
  '{"":""}',
  '{"$ref":"#"}',
  '{"$async":true}',
  '{"$id":"http://x","$ref":"http://x"}',
  '{"pattern":"(a+)+$"}',
  '{"pattern":"["}',
  '{"type":"nonsense"}',
  '{"minimum":1e999}',
  '{"required":["constructor"],"properties":{"__proto__":{"type":"string"}}}',
  '{"a\\u0000":"x"}',
  '{"a":"\\u0000"}',
  '{"\\ud800":1}',
  '"\\ud800"',
  '"\\u0000"',
  `${'['.repeat(100)}${']'.repeat(100)}`,
  `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`,
  `[${'1,'.repeat(2_000)}1]`,
  '"\u0001"',
  '01',
  "'a'",
  ',',
];

/** Whole bodies. */
export const BODIES = [
  '',
  '[]',
  'null',
  '"a"',
  '1',
  '{',
  '{}',
  '[[]]',
  '{"__proto__":{}}',
  '\ufeff{}',
  '{}{}',
  '\u0000',
  `${'['.repeat(30_000)}`,
];

const flipped = (bytes: Buffer, random: () => number): Buffer => {
  const changed = Buffer.from(bytes);
  const at = Math.floor(random() * changed.length);
  changed[at] = (changed[at] as number) ^ (1 << Math.floor(random() * 8));
  return changed;
};

/** Altered cursors: flipped bits, inside and outside of their encoding, and replaced parts. */
export function tampered(cursor: string, count: number, random: () => number): string[] {
  const parts = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as string[];
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const replaced = some([...TEXTS, 1, null, {}, [], true], count, random).map((value) => {
    const at = Math.floor(random() * parts.length);
    return encode(parts.map((part, index) => (index === at ? value : part)));
  });
  // One digit of a time or an id is replaced by another digit, which keeps the form.
  const shaped = Array.from({ length: count }, () => {
    const digit = () => String(Math.floor(random() * 10));
    return encode(parts.map((part) => part.replace(/\d/g, (old) => (random() < 0.2 ? digit() : old))));
  });
  const bits = Array.from({ length: count }, () => flipped(Buffer.from(cursor, 'base64url'), random).toString('base64url'));
  const characters = Array.from({ length: count }, () => flipped(Buffer.from(cursor), random).toString('latin1'));
  return [...replaced, ...shaped, ...bits, ...characters, encode([]), encode([...parts, ...parts]), encode({ 0: parts[0] })];
}
