import fc from 'fast-check';

/** JSON white space, often none. */
export const spaces = fc.oneof(fc.constant(''), fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r'), maxLength: 3 }));

/** Text that is rarely JSON: any characters, including unpaired surrogates, and much punctuation. */
export const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ unit: fc.constantFrom(...'[]{}",:\\1e-.u0 \n'), maxLength: 30 }),
);

const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc
    .tuple(
      fc.constantFrom('', '-'),
      fc.nat(),
      fc.constantFrom('', '.0', '.50', '.123456789012345678901'),
      fc.constantFrom('', 'e', 'E+', 'e-'),
      fc.nat(290),
    )
    .map(([sign, whole, fraction, exponent, power]) => sign + whole + fraction + (exponent && exponent + power)),
);

/** A JSON string; each character is plain or escaped. */
export const stringSource = fc
  .array(
    fc.tuple(
      fc.oneof(
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
        fc.constantFrom('"', '\\', '/', '\n', 'e', '{', ']', ','),
      ),
      fc.boolean(),
    ),
    {
      maxLength: 8,
    },
  )
  .map(
    (characters) =>
      `"${characters.map(([character, asEscape]) => (asEscape ? escaped(character) : JSON.stringify(character).slice(1, -1))).join('')}"`,
  );

function escaped(character: string): string {
  return Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('');
}

/** The source text of any JSON value, with white space, escapes, Unicode, nesting and every form of number. */
export const jsonSource: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(fc.constantFrom('null', 'true', 'false', '{}', '[]'), number, stringSource),
    fc
      .tuple(spaces, fc.array(tie('value'), { maxLength: 4 }))
      .map(([space, values]) => `[${space}${values.join(`${space},${space}`)}${space}]`),
    fc
      .tuple(spaces, fc.array(fc.tuple(stringSource, tie('value')), { maxLength: 4 }))
      .map(
        ([space, members]) =>
          `{${space}${members.map(([name, value]) => `${name}${space}:${space}${value}`).join(`${space},`)}}`,
      ),
  ),
})).value;
