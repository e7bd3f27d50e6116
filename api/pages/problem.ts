import type { Request, Response } from 'express';
import { escaped } from '../../lib/html.ts';
import type { Words } from '../dashboards/definition.ts';
import type { Problem } from '../http/problems.ts';
import type { Assets } from './assets.ts';
import { type HtmlPage, htmlOf, type Locale, setPolicy } from './html.ts';
import { MARK } from './icons.ts';

const NEW_LINK: Words = {
  en: 'Ask the person who sent it for a new link.',
  'pt-BR': 'Peça um novo link à pessoa que o enviou.',
};
const LATER: Words = { en: 'Try again in a moment.', 'pt-BR': 'Tente novamente em instantes.' };

/** What a viewer reads for each error code: what happened, and what to do. */
const MESSAGES: Record<string, [Words, Words]> = {
  'invalid-token': [{ en: 'This link is not valid', 'pt-BR': 'Este link não é válido' }, NEW_LINK],
  'expired-token': [{ en: 'This link has expired', 'pt-BR': 'Este link expirou' }, NEW_LINK],
  'wrong-dashboard': [{ en: 'This link opens another dashboard', 'pt-BR': 'Este link abre outro painel' }, NEW_LINK],
  'feature-disabled': [
    { en: 'Dashboards are switched off', 'pt-BR': 'Os painéis estão desativados' },
    { en: 'Ask your administrator.', 'pt-BR': 'Fale com o administrador.' },
  ],
  'invalid-request': [
    { en: 'This link has an invalid parameter', 'pt-BR': 'Este link tem um parâmetro inválido' },
    {
      en: 'Open the link exactly as it was sent to you.',
      'pt-BR': 'Abra o link exatamente como foi enviado.',
    },
  ],
  'rate-limited': [{ en: 'Too many requests', 'pt-BR': 'Muitas requisições' }, LATER],
};
const FRAME: [Words, Words] = [
  { en: 'This dashboard cannot be embedded here', 'pt-BR': 'Este painel não pode ser incorporado aqui' },
  {
    en: 'Ask your administrator to allow this origin for embeds:',
    'pt-BR': 'Peça ao administrador que permita esta origem para incorporação:',
  },
];
const OTHER: [Words, Words] = [
  { en: 'This page is not available now', 'pt-BR': 'Esta página não está disponível agora' },
  LATER,
];

/** Sends an error as a page in the browser's language: the tenant, and so its language, may be unknown. */
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
  // The page contains no data of a tenant, so every site may frame it. Otherwise an expired link in a frame would show nothing.
  const page: HtmlPage = { assets, locale, title: title[locale], body, kind: 'problem', framedBy: ['*'] };
  setPolicy(response, page);
  return { type: 'text/html; charset=utf-8', text: htmlOf(page) };
}
