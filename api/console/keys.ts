import { escaped } from '../../lib/html.ts';
import { SCOPES, type Scope } from '../../sql/tenants/tenants.ts';
import { badge, confirmed, cursorOf, listed, nextPage, SHEETS, secret, startOfDay, ticks, wordsIn } from './admin-parts.ts';
import type { ConsoleContext } from './context.ts';
import { EMPTY, type FormState, field, form, table, time } from './forms.ts';
import type { ConsoleContent } from './shell.ts';
import type { Site } from './site.ts';
import { say } from './words.ts';

const WORDS = {
  title: { en: 'Keys', 'pt-BR': 'Chaves' },
  about: {
    en: 'Programs use keys to send events and to read figures. Give each program a key of its own.',
    'pt-BR': 'Programas usam chaves para enviar eventos e ler números. Dê a cada programa uma chave própria.',
  },
  key: { en: 'Begins with', 'pt-BR': 'Começa com' },
  may: { en: 'May', 'pt-BR': 'Pode' },
  used: { en: 'Last used', 'pt-BR': 'Último uso' },
  new: { en: 'Create a key', 'pt-BR': 'Criar uma chave' },
  name_hint: { en: 'For example: shop backend', 'pt-BR': 'Por exemplo: backend da loja' },
  expiry_hint: {
    en: 'The last day on which it works. Without a day it works until it is revoked.',
    'pt-BR': 'O último dia em que funciona. Sem um dia, funciona até ser revogada.',
  },
  made: {
    en: 'This is the key. Copy it now: it is not shown again.',
    'pt-BR': 'Esta é a chave. Copie agora: ela não será mostrada de novo.',
  },
  revoke: { en: 'Revoke', 'pt-BR': 'Revogar' },
  sure: {
    en: 'Programs with this key are refused from now on, and links that it made end. This cannot be undone.',
    'pt-BR': 'Programas com esta chave passam a ser recusados, e os links que ela criou terminam. Não há como desfazer.',
  },
  active: { en: 'Active', 'pt-BR': 'Ativa' },
  expired: { en: 'Expired', 'pt-BR': 'Expirada' },
  revoked: { en: 'Revoked', 'pt-BR': 'Revogada' },
  ingest: { en: 'Send events', 'pt-BR': 'Enviar eventos' },
  read: { en: 'Read figures and events', 'pt-BR': 'Ler números e eventos' },
  export: { en: 'Export data', 'pt-BR': 'Exportar dados' },
  embed: { en: 'Create links to dashboards', 'pt-BR': 'Criar links para painéis' },
  'tenant-admin': { en: 'Administer everything here', 'pt-BR': 'Administrar tudo aqui' },
  admin: { en: 'Operate the platform', 'pt-BR': 'Operar a plataforma' },
} as const;

type Key = {
  id: string;
  name: string;
  prefix: string;
  scopes: Scope[];
  created_at: Date;
  expires_at: Date | null;
  revoked_at: Date | null;
  last_used_at: Date | null;
};

/** The keys of the tenant's programs. */
export function mountConsoleKeys(site: Site): void {
  const show = async (context: ConsoleContext, state: FormState = EMPTY, made = ''): Promise<ConsoleContent> => {
    const { locale, tenant, perform } = context;
    const text = wordsIn(WORDS, locale);
    const query = { limit: '100', ...cursorOf(context) };
    const { body } = await perform<{ data: Key[]; next_cursor: string | null }>('listKeys', {
      params: { id: tenant.id },
      query,
    });
    const at = (moment: Date | null, absent?: string) => time(moment, locale, tenant.timezone, absent);
    const rows = body.data.map((key) => {
      const isOver = key.expires_at !== null && key.expires_at.getTime() <= Date.now();
      const isOpen = !key.revoked_at && !isOver;
      const ask = { label: text('revoke'), about: key.name, question: text('sure') };
      return [
        escaped(key.name),
        `<code>${escaped(key.prefix)}…</code>`,
        key.scopes.map((scope) => escaped(text(scope))).join('<br>'),
        at(key.last_used_at, say('never', locale)),
        at(key.expires_at, say('never', locale)),
        isOpen ? badge('good', text('active')) : badge('plain', text(key.revoked_at ? 'revoked' : 'expired')),
        isOpen ? confirmed({ action: `/app/keys/${key.id}/revoke`, ...ask }, locale) : '',
      ];
    });
    const head = [
      say('name', locale),
      text('key'),
      text('may'),
      text('used'),
      say('expires', locale),
      say('status', locale),
      say('actions', locale),
    ];
    const offered = SCOPES.filter((scope) => scope !== 'admin').map((scope) => [scope, text(scope)] as const);
    const fields =
      field({ name: 'name', label: say('name', locale), hint: text('name_hint'), required: true }, state) +
      ticks({ name: 'scopes', label: text('may'), options: offered, chosen: ['ingest'] }, state) +
      field({ name: 'expires_at', label: say('expires', locale), type: 'date', hint: text('expiry_hint') }, state);
    return {
      place: 'keys',
      title: text('title'),
      main: `${made}<p class="lead">${escaped(text('about'))}</p>
${table(text('title'), head, rows, say('none', locale))}
${nextPage(context, body.next_cursor)}
<section class="panel"><h2>${escaped(text('new'))}</h2>
${form('/app/keys', fields, text('new'), state.faults)}</section>`,
      scripts: ['console-copy.js'],
      sheets: SHEETS,
    };
  };

  site.page('keys', (context) => show(context));
  site.action(
    'keys',
    async (context, { name, scopes, expires_at: day }) => {
      const { tenant, locale, perform } = context;
      const expires = day && { expires_at: startOfDay(day, tenant.timezone, 1) };
      const input = { params: { id: tenant.id }, body: { name, scopes: listed(scopes), ...expires } };
      const { body } = await perform<{ key: string | null }>('createKey', input);
      return show(context, EMPTY, secret(WORDS.made[locale], body.key, locale));
    },
    show,
  );
  site.action(
    'keys/:keyId/revoke',
    async ({ tenant, perform, request }) => {
      await perform('revokeKey', { params: { id: tenant.id, keyId: request.params.keyId } });
      return '/app/keys';
    },
    show,
  );
}
