import { createHash } from 'node:crypto';
import { escaped } from '../../lib/html.ts';
import { findMailbox } from '../../sql/members/members.ts';
import { createMailedCode } from '../../sql/members/sessions.ts';
import type { DeliverDeps } from '../alerts/deliver.ts';
import type { Mail } from '../alerts/mail-text.ts';
import { createMailer } from '../alerts/send-mail.ts';
import type { LoginLinkRequest } from '../queues.ts';

const WORDS = {
  en: {
    subject: 'Sign in to Mirante: {tenant}',
    open: 'Open this link to sign in to {tenant}. It works once, for ten minutes.',
    button: 'Sign in',
    ignore: 'If you did not ask for it, ignore this mail: nobody is signed in without the link.',
  },
  'pt-BR': {
    subject: 'Entrar no Mirante: {tenant}',
    open: 'Abra este link para entrar em {tenant}. Ele funciona uma vez, por dez minutos.',
    button: 'Entrar',
    ignore: 'Se você não pediu este link, ignore esta mensagem: ninguém entra sem ele.',
  },
} as const;

/**
 * The job that sends a member a link to sign in. The link is made here, at each attempt: a payload in the queue would be shown to the
 * operator. A member who is gone meanwhile is sent nothing.
 */
export async function sendLoginLink(
  { pool, config: { SMTP_URL, ALERTS_FROM } }: Pick<DeliverDeps, 'pool' | 'config'>,
  { member, url, next }: LoginLinkRequest,
): Promise<void> {
  if (!SMTP_URL || !ALERTS_FROM)
    throw new Error('The jobs program has no SMTP_URL or no ALERTS_FROM: set them for API and jobs.');
  const found = await findMailbox(pool, member);
  if (!found) return;
  const code = await createMailedCode(pool, { tenantId: found.tenant_id, keyId: found.key_id });
  const link = `${url}/login?code=${code}&next=${encodeURIComponent(next)}`;
  // Nothing of the code may be in the header, which mail servers write to their logs.
  const id = createHash('sha256').update(code).digest('hex').slice(0, 32);
  await createMailer(SMTP_URL, ALERTS_FROM).send(id, found.email, mailOf(link, found.tenant_name, found.locale));
}

function mailOf(link: string, tenant: string, locale: string): Mail {
  const language = locale === 'pt-BR' ? 'pt-BR' : 'en';
  const words = WORDS[language];
  const open = words.open.replace('{tenant}', () => tenant);
  return {
    subject: words.subject.replace('{tenant}', () => tenant),
    text: `${open}\n\n${link}\n\n${words.ignore}\n`,
    html: `<!doctype html><html lang="${language}"><meta charset="utf-8"><body><p>${escaped(open)}</p><p><a href="${escaped(link)}">${words.button}</a></p><p>${words.ignore}</p></body></html>`,
  };
}
