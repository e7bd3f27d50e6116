import type { Request, Response } from 'express';
import { escaped } from '../../lib/html.ts';
import type { Words } from '../dashboards/dashboards.ts';
import type { Problem } from '../http/problems.ts';
import type { Assets } from './assets.ts';
import { type HtmlPage, htmlOf, type Locale, setPolicy } from './html.ts';
import { MARK } from './icons.ts';

const NEW_LINK: Words = {
  en: 'Ask the person who sent it to you for a new link.',
  'pt-BR': 'Peça um novo link a quem o enviou.',
};
const LATER: Words = { en: 'Try again in a moment.', 'pt-BR': 'Tente novamente em instantes.' };

/** What a viewer reads, by the code of the refusal: what is wrong, and what helps. */
const MESSAGES: Record<string, [Words, Words]> = {
  'invalid-token': [{ en: 'This link is not valid', 'pt-BR': 'Este link não é válido' }, NEW_LINK],
  'expired-token': [{ en: 'This link has expired', 'pt-BR': 'Este link expirou' }, NEW_LINK],
  'wrong-dashboard': [{ en: 'This link opens another dashboard', 'pt-BR': 'Este link abre outro painel' }, NEW_LINK],
  'feature-disabled': [
    { en: 'Dashboards are switched off', 'pt-BR': 'Os painéis estão desativados' },
    { en: 'Ask your administrator.', 'pt-BR': 'Fale com o administrador.' },
  ],
  'invalid-request': [
    { en: 'The address contains something that cannot be shown', 'pt-BR': 'O endereço contém algo que não pode ser mostrado' },
    {
      en: 'Open the link exactly as it was sent to you.',
      'pt-BR': 'Abra o link exatamente como foi enviado.',
    },
  ],
  'rate-limited': [{ en: 'Too many requests at once', 'pt-BR': 'Muitas solicitações ao mesmo tempo' }, LATER],
};
const FRAME: [Words, Words] = [
  { en: 'This dashboard cannot be shown here', 'pt-BR': 'Este painel não pode ser exibido aqui' },
  {
    en: 'An administrator of the tenant has to add this origin to embed_origins:',
    'pt-BR': 'Um administrador precisa adicionar esta origem a embed_origins:',
  },
];
const OTHER: [Words, Words] = [{ en: 'This cannot be shown now', 'pt-BR': 'Não é possível mostrar agora' }, LATER];

/** A refusal as a page, in the language that the browser asks for: whose dashboard it was may be unknown. */
export function problemPage(
  assets: Assets,
  problem: Problem,
  request: Request,
  response: Response,
): { type: string; text: string } {
  const locale: Locale = String(request.acceptsLanguages('en', 'pt-BR', 'pt')).startsWith('pt') ? 'pt-BR' : 'en';
  const { origin } = problem.members;
  const [title, help] = origin === undefined ? (MESSAGES[problem.code] ?? OTHER) : FRAME;
  const body = `<main class="message">
${MARK}
<h1>${escaped(title[locale])}</h1>
<p>${escaped(help[locale])}</p>${origin === undefined ? '' : `\n<p><code>${escaped(String(origin))}</code></p>`}
</main>`;
  // It says nothing of anybody and does nothing, and a frame that stays blank helps nobody whose link has expired.
  const page: HtmlPage = { assets, locale, title: title[locale], body, kind: 'problem', framedBy: ['*'] };
  setPolicy(response, page);
  return { type: 'text/html; charset=utf-8', text: htmlOf(page) };
}
