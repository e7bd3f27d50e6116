import { escaped } from '../../lib/html.ts';
import { cursorOf, nextPage, SHEETS, wordsIn } from './admin-parts.ts';
import type { ConsoleContext } from './context.ts';
import { table, time } from './forms.ts';
import type { Site } from './site.ts';
import { say } from './words.ts';

const WORDS = {
  title: { en: 'Audit log', 'pt-BR': 'Registro de auditoria' },
  about: {
    en: 'Who changed what, newest first. Changes by the platform’s operator are in it too. No entry can be changed.',
    'pt-BR':
      'Quem mudou o quê, do mais novo ao mais antigo. Mudanças pelo operador da plataforma também aparecem. Nenhum registro pode ser alterado.',
  },
  at: { en: 'Time', 'pt-BR': 'Hora' },
  who: { en: 'Who', 'pt-BR': 'Quem' },
  what: { en: 'What', 'pt-BR': 'O quê' },
  target: { en: 'Of', 'pt-BR': 'De' },
  details: { en: 'Details', 'pt-BR': 'Detalhes' },
  you: { en: 'You', 'pt-BR': 'Você' },
  operator: { en: 'The platform’s operator', 'pt-BR': 'O operador da plataforma' },
  key: { en: 'Key', 'pt-BR': 'Chave' },
  filter: { en: 'Only this action', 'pt-BR': 'Só esta ação' },
  show: { en: 'Show', 'pt-BR': 'Mostrar' },
} as const;

type Entry = {
  at: Date;
  actor: Record<string, string | null>;
  action: string;
  target: string;
  details: Record<string, unknown>;
};
type Named = { data: { id: string; name: string }[] };
type Joined = { data: { details: { key_id?: { new: string }; email?: { new: string } } }[] };

// Members act through keys of their own, which no list shows. The log says whose they are, of former members too.
async function namesOfKeys({ perform, tenant }: ConsoleContext): Promise<Map<string, string>> {
  const keys = await perform<Named>('listKeys', { params: { id: tenant.id }, query: { limit: '1000' } });
  const members = await perform<Joined>('listAuditLog', { query: { action: 'member.created', limit: '1000' } });
  return new Map([
    ...keys.body.data.map(({ id, name }) => [id, name] as const),
    ...members.body.data.map(({ details: { key_id, email } }) => [key_id?.new ?? '', email?.new ?? ''] as const),
  ]);
}

/** Who changed what in the tenant. */
export function mountConsoleAudit(site: Site): void {
  site.page('audit', async (context) => {
    const { locale, tenant, identity, perform, request } = context;
    const text = wordsIn(WORDS, locale);
    const action = typeof request.query.action === 'string' ? request.query.action : '';
    const query = { limit: '50', ...cursorOf(context), ...(action && { action }) };
    const { body } = await perform<{ data: Entry[]; next_cursor: string | null }>('listAuditLog', { query });
    const names = await namesOfKeys(context);
    const nameOf = ({ key_id, tenant_id, login }: Entry['actor']): string => {
      if (key_id === identity.keyId) return text('you');
      if (tenant_id && tenant_id !== tenant.id) return text('operator');
      if (key_id) return names.get(key_id) ?? `${text('key')} ${key_id}`;
      return login ?? '–';
    };
    const rows = body.data.map((entry) => [
      time(entry.at, locale, tenant.timezone),
      escaped(nameOf(entry.actor)) + (entry.actor.address ? `<br><small>${escaped(entry.actor.address)}</small>` : ''),
      `<code>${escaped(entry.action)}</code>`,
      `<code>${escaped(entry.target)}</code>`,
      detailsOf(entry.details, text('details')),
    ]);
    return {
      place: 'audit',
      title: text('title'),
      main: `<p class="lead">${escaped(text('about'))}</p>
<form method="get" action="/app/audit" class="choices filter"><label for="action">${escaped(text('filter'))}</label><input id="action" name="action" value="${escaped(action)}" placeholder="key.created"><button class="quiet">${escaped(text('show'))}</button></form>
${table(text('title'), [text('at'), text('who'), text('what'), text('target'), text('details')], rows, say('none', locale))}
${nextPage(context, body.next_cursor)}`,
      sheets: SHEETS,
    };
  });
}

const detailsOf = (details: Entry['details'], label: string): string =>
  Object.keys(details).length === 0
    ? ''
    : `<details><summary>${escaped(label)}</summary><pre tabindex="0">${escaped(JSON.stringify(details, null, 2))}</pre></details>`;
