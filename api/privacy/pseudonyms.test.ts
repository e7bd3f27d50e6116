import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { compileFields } from '../../lib/json-fields.ts';
import { pseudonym } from '../../lib/pseudonyms.ts';
import type { EventRow } from '../../sql/events/events.ts';
import { conceal, type Handling, UNREGISTERED } from './pseudonyms.ts';

const bytes = randomBytes(32);
const key = createSecretKey(bytes);
const of = (value: string) => pseudonym(key, value);

const row = (members: Partial<EventRow>): EventRow => ({
  keyId: '',
  id: '',
  time: 0,
  type: 'a',
  source: '',
  eventId: null,
  subject: null,
  outcome: null,
  durationMs: null,
  bytes: 0,
  data: null,
  attributes: null,
  ...members,
});

const concealed = (members: Partial<EventRow>, handling: Partial<Handling> = {}, withdrawn: string[] = []) =>
  conceal(row(members), {
    handling: () => ({ ...UNREGISTERED, ...handling }),
    pseudonym: of,
    isWithdrawn: (_, hash) => withdrawn.includes(hash),
  });

test('is the first 18 bytes of the HMAC, in base64url', () => {
  const digest = createHmac('sha256', bytes).update('Zoë').digest().subarray(0, 18);
  expect(of('Zoë')).toBe(`psn_${digest.toString('base64url')}`);
  expect(pseudonym(createSecretKey(randomBytes(32)), 'Zoë')).not.toBe(of('Zoë'));
  expect(of(of('Zoë'))).not.toBe(of('Zoë'));
});

test.each([
  ['a string, however it is spelled', '"a\\u0062"', 'ab'],
  ['an object, in any order', '{"b":1.50,"a":[ ]}', '{"a":[],"b":1.5}'],
  ['a number', '1.50', '1.5'],
  ['an integer, by all of its digits', '12345678901234567891', '12345678901234567891'],
  ['a truth value', 'true', 'true'],
  ['an empty string', '""', ''],
])('hides %s', (_, source, value) => {
  const fields = compileFields(['/x']);
  expect(concealed({ data: `{"x":${source},"n":1.10}` }, { fields })?.row.data).toBe(`{"x":"${of(value)}","n":1.10}`);
});

test('null stays null', () => {
  expect(concealed({ data: '{"x":null}' }, { fields: compileFields(['/x']) })?.row.data).toBe('{"x":null}');
});

test('without consent subject and personal fields are null, and `named` has the pseudonyms', () => {
  const members = { subject: 'Zoë', data: '{"x":"Zoë","n":1.10}' };
  const fields = compileFields(['/x']);
  const named = { subject: of('Zoë'), data: `{"x":"${of('Zoë')}","n":1.10}` };
  const withdrawn = [of('Zoë')];
  expect(concealed(members, { fields }, withdrawn)).toMatchObject({
    row: { subject: null, data: '{"x":null,"n":1.10}' },
    named,
  });
  expect(concealed(members, { fields, plainSubject: true }, withdrawn)).toMatchObject({
    row: { subject: null },
    named: { subject: 'Zoë' },
  });
  for (const kept of [
    concealed(members, { fields, needsConsent: false }, withdrawn),
    concealed(members, { fields }, [of('Ana')]),
  ]) {
    expect(kept).toEqual({ row: row(named) });
  }
});
