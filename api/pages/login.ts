import type { Request } from 'express';
import { escaped } from '../../lib/html.ts';
import type { Words } from '../dashboards/definition.ts';
import type { Assets } from './assets.ts';
import type { HtmlPage, Locale } from './html.ts';
import { MARK } from './icons.ts';

const WORDS = {
  title: { en: 'Sign in', 'pt-BR': 'Entrar' },
  key: { en: 'Key', 'pt-BR': 'Chave' },
  key_hint: {
    en: 'An API key of your organisation, which begins with mir_.',
    'pt-BR': 'Uma chave de API da sua organização, que começa com mir_.',
  },
  email: { en: 'E-mail address', 'pt-BR': 'Endereço de e-mail' },
  email_hint: {
    en: 'We send a link that signs you in. It works once, for ten minutes.',
    'pt-BR': 'Enviamos um link de acesso. Ele funciona uma vez, por dez minutos.',
  },
  send: { en: 'Send the link', 'pt-BR': 'Enviar o link' },
  sent: {
    en: 'If this address belongs to a member, a link is on its way. Look into your inbox.',
    'pt-BR': 'Se este endereço for de um membro, um link está a caminho. Veja sua caixa de entrada.',
  },
  provider: { en: 'Sign in with your organisation', 'pt-BR': 'Entrar com sua organização' },
  wrong_key: {
    en: 'This key does not work. It is unknown, expired or revoked.',
    'pt-BR': 'Esta chave não funciona. Ela é desconhecida, expirou ou foi revogada.',
  },
  wrong_code: {
    en: 'This link was used already or has expired. Ask for a new one.',
    'pt-BR': 'Este link já foi usado ou expirou. Peça um novo.',
  },
  refused: {
    en: 'Your organisation signed you in, but you are not a member here. Ask your administrator.',
    'pt-BR': 'Sua organização confirmou seu acesso, mas você não é membro aqui. Fale com o administrador.',
  },
  provider_failed: {
    en: 'The sign-in at your organisation did not succeed. Try again.',
    'pt-BR': 'O acesso pela sua organização não foi concluído. Tente novamente.',
  },
  limited: {
    en: 'Too many attempts. Try again in ten minutes.',
    'pt-BR': 'Muitas tentativas. Tente novamente em dez minutos.',
  },
  ended: { en: 'You are signed out.', 'pt-BR': 'Você saiu.' },
} satisfies Record<string, Words>;

/** What the page says above its form. */
export type LoginNotice = 'wrong_key' | 'wrong_code' | 'refused' | 'provider_failed' | 'limited' | 'ended' | 'sent';

/** Ways to sign in beside a key. */
export type LoginWays = { email: boolean; provider: boolean };

/** The language that a browser asks for. */
export const browserLocale = (request: Request): Locale =>
  String(request.acceptsLanguages('en', 'pt-BR', 'pt')).startsWith('pt') ? 'pt-BR' : 'en';

/** The page on which people sign in; `next` is where they go afterwards. */
export function loginPage(assets: Assets, locale: Locale, ways: LoginWays, next: string, notice?: LoginNotice): HtmlPage {
  const text = (name: keyof typeof WORDS) => escaped(WORDS[name][locale]);
  const target = `<input type="hidden" name="next" value="${escaped(next)}">`;
  const told =
    notice === undefined
      ? ''
      : `<p class="notice" role="${notice === 'ended' || notice === 'sent' ? 'status' : 'alert'}">${text(notice)}</p>\n`;
  const provider = ways.provider
    ? `<p><a class="button" href="/login/provider?next=${encodeURIComponent(next)}">${text('provider')}</a></p>\n`
    : '';
  const email = ways.email
    ? `<form method="post" action="/login/email">
${target}<label for="email">${text('email')}</label>
<input id="email" name="email" type="email" autocomplete="email" maxlength="254" required aria-describedby="email-hint">
<p class="hint" id="email-hint">${text('email_hint')}</p>
<button type="submit">${text('send')}</button>
</form>\n`
    : '';
  const body = `<main class="login">
<p class="owner">${MARK}<span>Mirante</span></p>
<h1>${text('title')}</h1>
${told}${provider}${email}<form method="post" action="/login">
${target}<label for="key">${text('key')}</label>
<input id="key" name="key" type="password" autocomplete="current-password" maxlength="200" required aria-describedby="key-hint">
<p class="hint" id="key-hint">${text('key_hint')}</p>
<button type="submit">${text('title')}</button>
</form>
</main>`;
  return {
    assets,
    locale,
    title: `${WORDS.title[locale]} · Mirante`,
    body,
    kind: 'login',
    forms: true,
    sheets: ['console.css'],
  };
}
