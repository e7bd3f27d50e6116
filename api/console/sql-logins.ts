import { escaped } from '../../lib/html.ts';
import { badge, confirmed, copyable, cursorOf, nextPage, SHEETS, secret, startOfDay, wordsIn } from './admin-parts.ts';
import type { ConsoleContext } from './context.ts';
import { EMPTY, type FormState, field, form, table, time } from './forms.ts';
import type { ConsoleContent } from './shell.ts';
import type { Site } from './site.ts';
import { say } from './words.ts';

const WORDS = {
  title: { en: 'SQL logins', 'pt-BR': 'Logins SQL' },
  about: {
    en: 'Logins with which psql, Power BI or Metabase read this tenant’s data from PostgreSQL. They change nothing.',
    'pt-BR': 'Logins com que psql, Power BI ou Metabase leem os dados deste cliente no PostgreSQL. Eles não mudam nada.',
  },
  login: { en: 'Login', 'pt-BR': 'Login' },
  limits: { en: 'Limits', 'pt-BR': 'Limites' },
  sessions: { en: 'Sessions: {n}', 'pt-BR': 'Sessões: {n}' },
  seconds: { en: 'A query: {n} s', 'pt-BR': 'Uma consulta: {n} s' },
  new: { en: 'Create a login', 'pt-BR': 'Criar um login' },
  name_hint: { en: 'For example: Power BI', 'pt-BR': 'Por exemplo: Power BI' },
  connection_limit: { en: 'Sessions at the same time', 'pt-BR': 'Sessões ao mesmo tempo' },
  statement_timeout_seconds: { en: 'Longest query, in seconds', 'pt-BR': 'Consulta mais longa, em segundos' },
  expiry_hint: {
    en: 'The last day on which it works. Without a day it works until it is revoked.',
    'pt-BR': 'O último dia em que funciona. Sem um dia, funciona até ser revogado.',
  },
  made: {
    en: 'This is the password. Copy it now: it is not shown again.',
    'pt-BR': 'Esta é a senha. Copie agora: ela não será mostrada de novo.',
  },
  connect: { en: 'With psql, which asks for the password:', 'pt-BR': 'Com psql, que pede a senha:' },
  revoke: { en: 'Revoke', 'pt-BR': 'Revogar' },
  sure: {
    en: 'It reads nothing from now on, and its sessions are closed. This cannot be undone.',
    'pt-BR': 'Ele não lê mais nada, e suas sessões são encerradas. Não há como desfazer.',
  },
  active: { en: 'Active', 'pt-BR': 'Ativo' },
  expired: { en: 'Expired', 'pt-BR': 'Expirado' },
  revoked: { en: 'Revoked', 'pt-BR': 'Revogado' },
} as const;

type Login = {
  id: string;
  name: string;
  login: string;
  connection_limit: number;
  statement_timeout_seconds: number;
  created_at: Date;
  expires_at: Date | null;
  revoked_at: Date | null;
};
type NewLogin = { login: string; password: string | null; host: string; port: number; database: string };

/** PostgreSQL logins of the tenant. */
export function mountConsoleSqlLogins(site: Site): void {
  const show = async (context: ConsoleContext, state: FormState = EMPTY, made = ''): Promise<ConsoleContent> => {
    const { locale, tenant, perform } = context;
    const text = wordsIn(WORDS, locale);
    const query = { limit: '100', ...cursorOf(context) };
    const input = { params: { id: tenant.id }, query };
    const { body } = await perform<{ data: Login[]; next_cursor: string | null }>('listSqlLogins', input);
    const rows = body.data.map((one) => {
      const isOver = one.expires_at !== null && one.expires_at.getTime() <= Date.now();
      const isOpen = !one.revoked_at && !isOver;
      const ask = { label: text('revoke'), about: one.name, question: text('sure') };
      const limits = [
        text('sessions').replace('{n}', String(one.connection_limit)),
        text('seconds').replace('{n}', String(one.statement_timeout_seconds)),
      ];
      return [
        escaped(one.name),
        `<code>${escaped(one.login)}</code>`,
        limits.map(escaped).join('<br>'),
        time(one.created_at, locale, tenant.timezone),
        time(one.expires_at, locale, tenant.timezone, say('never', locale)),
        isOpen ? badge('good', text('active')) : badge('plain', text(one.revoked_at ? 'revoked' : 'expired')),
        isOpen ? confirmed({ action: `/app/sql-logins/${one.id}/revoke`, ...ask }, locale) : '',
      ];
    });
    const head = [
      say('name', locale),
      text('login'),
      text('limits'),
      say('created', locale),
      say('expires', locale),
      say('status', locale),
      say('actions', locale),
    ];
    const number = (name: 'connection_limit' | 'statement_timeout_seconds', value: string) =>
      field({ name, label: text(name), type: 'number', value, required: true }, state);
    const fields =
      field({ name: 'name', label: say('name', locale), hint: text('name_hint'), required: true }, state) +
      number('connection_limit', '5') +
      number('statement_timeout_seconds', '60') +
      field({ name: 'expires_at', label: say('expires', locale), type: 'date', hint: text('expiry_hint') }, state);
    return {
      place: 'sql-logins',
      title: text('title'),
      main: `${made}<p class="lead">${escaped(text('about'))}</p>
${table(text('title'), head, rows, say('none', locale))}
${nextPage(context, body.next_cursor)}
<section class="panel"><h2>${escaped(text('new'))}</h2>
${form('/app/sql-logins', fields, text('new'), state.faults)}</section>`,
      scripts: ['console-copy.js'],
      sheets: SHEETS,
    };
  };

  site.page('sql-logins', (context) => show(context));
  site.action(
    'sql-logins',
    async (context, { name, connection_limit, statement_timeout_seconds, expires_at: day }) => {
      const { tenant, locale, perform } = context;
      const limits = {
        connection_limit: Number(connection_limit),
        statement_timeout_seconds: Number(statement_timeout_seconds),
      };
      const expires = day && { expires_at: startOfDay(day, tenant.timezone, 1) };
      const input = { params: { id: tenant.id }, body: { name, ...limits, ...expires } };
      const { body } = await perform<NewLogin>('createSqlLogin', input);
      const command = `psql -h ${body.host} -p ${body.port} -U ${body.login} ${body.database}`;
      const how = `<p class="lead">${escaped(WORDS.connect[locale])}</p>${copyable('psql', command, locale)}`;
      return show(context, EMPTY, secret(WORDS.made[locale], body.password, locale) + how);
    },
    show,
  );
  site.action(
    'sql-logins/:loginId/revoke',
    async ({ tenant, perform, request }) => {
      await perform('revokeSqlLogin', { params: { id: tenant.id, loginId: request.params.loginId } });
      return '/app/sql-logins';
    },
    show,
  );
}
