import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileFields } from '../../lib/json-fields.ts';
import { findIn } from './matching.ts';
import { cutOut } from './reviews.ts';

const ANA = 'ana@example.com';
const person = (subject: string) => ({ tenantId: '', subject, hash: 'psn_abcdefghijklmnopqrstuvwx' });
const fields = compileFields(['/buyer', '/items/*/to']);
const find = (raw: string | Buffer, subject = ANA) =>
  findIn(Buffer.from(raw as string), person(subject), (type) => (type === 'known.v1' ? fields : undefined));
const verdict = (raw: string | Buffer, subject = ANA) => {
  const { items, rest, doubt } = find(raw, subject);
  return (
    [items.length > 0 ? 'mine' : '', doubt ? 'review' : '', rest === null ? 'all' : ''].filter(Boolean).join(' ') || 'none'
  );
};

test.each([
  ['{"subject":"ana@example.com","data":{}}', ANA, 'mine all'],
  ['{"subject":7}', '7', 'mine all'],
  ['{"subject":"bo","data":{"duration_ms":7}}', '7', 'none'],
  ['{"subject":"bo","data":{"list":[1,7,"7"]}}', '7', 'none'],
  ['{"subject":"bo","data":{"note":"ana"}}', 'ana', 'none'],
  ['{"type":"known.v1","data":{"buyer":"ana"}}', 'ana', 'mine all'],
  ['{"type":"known.v1","data":{"items":[{"to":12345678901234567890}]}}', '12345678901234567890', 'mine all'],
  ['{"type":"known.v1","data":{"items":[{"to":12345678901234567891}]}}', '12345678901234567890', 'none'],
  ['{"subject":"bo","source":"/users/ana@example.com"}', ANA, 'mine all'],
  ['{"subject":"bo","source":"/users/maria.ana@example.com"}', ANA, 'none'],
  ['{"subject":"bo","source":"/users/ana@example.com.br"}', ANA, 'none'],
  ['{"subject":"bo","owner":"ANA@example.com"}', ANA, 'mine all'],
  ['{"subject":"bo","data":{"marketplace":"seller ana@example.com"}}', ANA, 'mine all'],
  ['{"subject":"bo","data":{"note":"ana@example.com"}}', ANA, 'review'],
  ['{"subject":"ana","subject":"bo"}', 'ana', 'review'],
  ['{"subject":"123.456.789-09"}', '12345678909', 'mine all'],
  ['', ANA, 'none'],
])('one event: %s for %s: %s', (raw, subject, expected) => {
  expect(verdict(raw, subject)).toBe(expected);
});

test('the items of the person are taken out of a batch, byte for byte', () => {
  const mine = '{ "subject":"ana@example.com", "n": 1.10 }';
  const theirs = '{"subject":"bó","n":2}';
  expect(find(`[${theirs}, ${mine} ,${theirs}]`)).toEqual({
    items: [mine],
    rest: Buffer.from(`[${theirs},${theirs}]`),
    doubt: false,
    cuts: [],
  });
  expect(find(`${theirs}\n${mine}\nbroken`)).toEqual({
    items: [mine],
    rest: Buffer.from(`${theirs}\nbroken`),
    doubt: false,
    cuts: [],
  });
  expect(find(`[${mine}, broken]`)).toMatchObject({ items: [mine], rest: Buffer.from('[broken]') });
});

test('a whole batch that cannot be parsed is nobody’s, and what names the person can be cut out of it', () => {
  const body = '{"subject":"bo","data":{"health":"x"}}\n{"subject":"ana","da\n{"subject":"ze"';
  const found = find(body, 'ana');
  expect([found.items, found.doubt]).toEqual([[], true]);
  expect(cutOut({ raw: Buffer.from(body), cuts: found.cuts }).toString()).toBe(
    '{"subject":"bo","data":{"health":"x"}}\n\n{"subject":"ze"',
  );
  expect(verdict('{"duration_ms":7,', '7')).toBe('none');
  expect(verdict('{"subject":7,', '7')).toBe('review');
  expect(verdict('banana', 'ana')).toBe('none');
});

const JOÃO = 'joão@example.com';
const encodings: [string, string | Buffer][] = [
  ['form encoding', `a=1&who=${encodeURIComponent(JOÃO)}`],
  ['UTF-16, little end first', Buffer.from(`{"who":"${JOÃO}"`, 'utf16le')],
  ['UTF-16, big end first', Buffer.from(`{"who":"${JOÃO}"`, 'utf16le').swap16()],
  ['Latin-1', Buffer.from(`{"who":"${JOÃO}"}`, 'latin1')],
  ['escapes of JSON', '{"who":"jo\\u00e3o\\u0040example.com"'],
  ['escaped JSON in JSON', `${JSON.stringify(JSON.stringify({ who: JOÃO }))},`],
  ['Base64', `x ${Buffer.from(`{"who":"${JOÃO}"}`).toString('base64')}`],
  ['Base64 for addresses', `x=${Buffer.from(`who=${encodeURIComponent(JOÃO)}`).toString('base64url')}`],
  ['HTML entities', '<p>jo&#xe3;o&commat;example.com</p>'],
  ['upper case', 'JOÃO@EXAMPLE.COM said'],
  ['letters and accents apart', JOÃO.normalize('NFD')],
];

describe('what cannot be parsed is decoded in every way in which it may have been sent', () => {
  test.each(encodings)('%s', (_, raw) => {
    expect(verdict(raw, JOÃO)).toBe('review');
    expect(verdict(raw, 'joana@example.com')).toBe('none');
  });

  test('a slash of the identifier may be escaped', () => {
    expect(verdict('{"who":"shop\\/1234567"', 'shop/1234567')).toBe('review');
  });
});

test('nobody else’s item is taken or changed, whatever the batch', () => {
  const subject = fc.constantFrom('ana', 'bo', '7', 'x7', 'banana', ANA);
  const item = fc.record({
    subject,
    data: fc.dictionary(fc.constantFrom('a', 'subject', 'duration_ms'), fc.constantFrom<unknown>(7, 'ana', 'bo', ANA)),
  });
  fc.assert(
    fc.property(
      fc.array(item, { minLength: 1, maxLength: 6 }),
      subject,
      fc.constantFrom('array', 'lines'),
      (batch, who, kind) => {
        const sources = batch.map((one) => JSON.stringify(one));
        const found = find(kind === 'array' ? `[${sources.join(',')}]` : sources.join('\n'), who);
        const [mine, others] = [batch.filter((one) => one.subject === who), batch.filter((one) => one.subject !== who)];
        expect(found.items.map((text) => JSON.parse(text))).toEqual(mine);
        const text = found.rest?.toString();
        const left =
          text === undefined ? [] : kind === 'array' ? JSON.parse(text) : text.split('\n').map((line) => JSON.parse(line));
        expect(left).toEqual(others);
      },
    ),
    { numRuns: 200 },
  );
});
