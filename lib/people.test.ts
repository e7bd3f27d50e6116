import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isParticular, namesPerson, replacePeople, spellingsOf, wordPattern } from './people.ts';

describe('what identifies a person by its form', () => {
  test.each([
    'ana@example.com',
    'seller ana.maria+x@loja.com.br!',
    'mailto:joão@exemplo.com.br',
    '123.456.789-09',
    'cpf 12345678909',
    '+55 11 98765-4321',
    '(11) 98765-4321',
  ])('%s', (text) => expect(namesPerson(text)).toBe(true));

  test.each([
    '',
    'magalu',
    'app@1.2.3',
    '12345678901',
    '111.111.111-11',
    '2026-11-29T20:17:12.304Z',
    '01a228f4-5a8f-7268-bac2-7f1f2e0cca5e',
    '7891234567895',
    'https://shop.example/orders/4711',
    '11987654321',
  ])('not %s', (text) => expect(namesPerson(text)).toBe(false));

  test('a mobile number without any sign of it only where digits are asked for', () => {
    expect(namesPerson('seller 11987654321', true)).toBe(true);
    expect(namesPerson('5511987654321', true)).toBe(true);
  });

  test('only that part of the text is replaced', () => {
    expect(replacePeople('of ana@example.com, 1', () => 'x')).toBe('of x, 1');
  });
});

test('a particular identifier is one that occurs in no text about others', () => {
  expect(['ana@b.co', 'customer-4711', '12345678909'].map(isParticular)).toEqual([true, true, true]);
  expect(['7', 'ana', 'mercado livre', '1234567'].map(isParticular)).toEqual([false, false, false, false]);
  expect(spellingsOf('12345678909')).toEqual(['12345678909', '123.456.789-09']);
});

test('any identifier is found as a word, and not within a longer one', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, unit: 'grapheme' }).filter((name) => name.trim() === name && !/^[.-]|[.-]$/.test(name)),
      (name) => {
        const pattern = new RegExp(wordPattern([name]), 'iu');
        expect([`of ${name} and`, name, `"${name}"`].every((text) => pattern.test(text))).toBe(true);
        expect(pattern.test(`x${name}`) && /^[\p{L}\p{N}]/u.test(name) && !`x${name}`.slice(1).includes(`x${name}`)).toBe(
          false,
        );
      },
    ),
    { numRuns: 50, examples: [['a-b'], ['a/b@c.d'], ['[x](y)'], ['\\']] },
  );
});
