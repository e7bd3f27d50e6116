import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { readInput } from '../../lib/input-faults.ts';
import { signedIn } from '../../test/support/admin-console.ts';
import { useApi } from '../../test/support/api.ts';
import { makeTenant, useDatabase } from '../../test/support/harness.ts';
import { PROBLEM_CODES } from '../http/problem-codes.ts';
import { FAULTS, faultText, PROBLEMS } from './fault-words.ts';

const API = fileURLToPath(new URL('../', import.meta.url));

// Codes of the schema library, as lib/input-faults.ts writes them.
const OF_SCHEMAS = [
  'invalid-type',
  'too-big',
  'too-small',
  'invalid-format',
  'not-multiple-of',
  'unrecognized-keys',
  'invalid-union',
  'invalid-key',
  'invalid-element',
  'invalid-value',
  'custom',
];

/** Codes of faults in the sources of calls that forms make: all but the receipts of events. */
function sentCodes(): string[] {
  const files = readdirSync(API, { recursive: true, encoding: 'utf8' }).filter(
    (name) => /\.ts$/.test(name) && !/\.test\.ts$|spec\.ts$|^(events|pages|quarantine)\/|problem-codes/.test(name),
  );
  return files.flatMap((name) => {
    const text = readFileSync(join(API, name), 'utf8');
    const found = [
      ...text.matchAll(/\bcode: '([a-z0-9-]+)'/g),
      ...text.matchAll(/\b(?:refuse|fault)\(\s*[^,()]+,\s*'([a-z0-9-]+)'/g),
    ];
    return found.map(([, code]) => code as string);
  });
}

test('every code that a form can show has its words in Portuguese', () => {
  const words = new Set([...Object.keys(FAULTS), ...Object.keys(PROBLEMS)]);
  expect([...new Set([...sentCodes(), ...OF_SCHEMAS])].filter((code) => !words.has(code))).toEqual([]);
  const refusals = Object.entries(PROBLEM_CODES).filter(([, [status]]) => status < 500);
  expect(refusals.map(([code]) => code).filter((code) => !PROBLEMS[code])).toEqual([]);
});

describe('a fault of a schema keeps its bounds and choices', () => {
  const cases: [string, z.ZodType, unknown, string][] = [
    ['a number too large', z.number().int().min(1).max(60), 90, 'Use um número inteiro de 1 a 60.'],
    ['a number too small', z.number().int().min(1), 0, 'Use um número inteiro de pelo menos 1.'],
    ['no number', z.number(), 'x', 'Use um número.'],
    ['nothing', z.string().min(1), undefined, 'Preencha este campo.'],
    ['an empty text', z.string().min(1).max(200), '', 'Preencha este campo.'],
    ['a long text', z.string().min(1).max(3), 'long', 'Use de 1 a 3 caracteres.'],
    ['no address', z.email(), 'x', 'Use um endereço de e-mail.'],
    ['another choice', z.enum(['a', 'b']), 'c', 'Use um destes: a, b.'],
    ['a long list', z.array(z.string()).max(1), ['a', 'b'], 'Use no máximo 1 itens.'],
    ['a pattern', z.string().regex(/^x$/), 'y', 'O formato não é válido.'],
  ];
  test.each(cases)('%s', (_, schema, value, text) => {
    const { faults = [] } = readInput(z.object({ member: schema }), { member: value });
    expect(faults.map((fault) => faultText(fault, 'pt-BR'))).toEqual([text]);
    expect(faults.map((fault) => faultText(fault, 'en'))).toEqual(faults.map(({ detail }) => detail));
  });
});

test('a form of a Portuguese tenant says its faults in Portuguese', async () => {
  const db = await useDatabase();
  const api = await useApi(db);
  const tenant = await makeTenant(db, { locale: 'pt-BR' });
  const { post } = await signedIn(api, tenant);
  const wrong = await post('/app/members', { email: 'nobody', role: 'viewer' });
  expect(wrong.status).toBe(422);
  expect(wrong.text).toContain('Use um endereço de e-mail.');
  await post('/app/members', { email: 'ada@example.com', role: 'viewer' });
  const twice = await post('/app/members', { email: 'ada@example.com', role: 'viewer' });
  expect(twice.text).toContain('Já existe um membro com este endereço de e-mail.');
  expect(wrong.text + twice.text).not.toMatch(/must be|There is a member/);
});
