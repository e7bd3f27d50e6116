import { expect, test } from 'vitest';
import { maskPersonal } from './mask.ts';

test.each([
  ['Write to maria.silva+lpa@example.co.uk please', 'Write to [e-mail] please'],
  ['Escreva para joão@exemplo.com.br.', 'Escreva para [e-mail].'],
  ['Call 07700 900123 or +44 (0)20 7946 0958!', 'Call [number] or [number]!'],
  ['Ligue (11) 91234-5678', 'Ligue [number]'],
  ['CPF 123.456.789-09', 'CPF [number]'],
  ['my NI is QQ 12 34 56 C', 'my NI is [number]'],
  ['qq123456c', '[number]'],
  ['NHS 943 476 5919', 'NHS [number]'],
  ['card 4111 1111 1111 1111', 'card [number]'],
  ['full width ０７７００９００１２３', 'full width [number]'],
  ['It took 45 minutes on 2026-10-05, page 3 of 12', 'It took 45 minutes on 2026-10-05, page 3 of 12'],
  ['£82 twice 🙂', '£82 twice 🙂'],
])('%s', (comment, masked) => {
  expect(maskPersonal(comment)).toBe(masked);
});
