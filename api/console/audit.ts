import { escaped } from '../../lib/html.ts';
import type { Words } from '../dashboards/definition.ts';
import type { Console } from './console.ts';
import { FIGURES_SHEET } from './figures.ts';
import { table, time } from './forms.ts';
import { say } from './words.ts';

const WORDS = {
  title: { en: 'Audit log', 'pt-BR': 'Registro de auditoria' },
  about: {
    en: 'Who changed what. Entries cannot be changed or removed.',
    'pt-BR': 'Quem mudou o quê. As entradas não podem ser alteradas nem removidas.',
  },
  at: { en: 'Time', 'pt-BR': 'Horário' },
  action: { en: 'Action', 'pt-BR': 'Ação' },
  target: { en: 'Of what', 'pt-BR': 'De quê' },
  actor: { en: 'By whom', 'pt-BR': 'Por quem' },
  details: { en: 'Details', 'pt-BR': 'Detalhes' },
  program: { en: 'program {login}', 'pt-BR': 'programa {login}' },
  key: { en: 'key {id}', 'pt-BR': 'chave {id}' },
  only: { en: 'Only', 'pt-BR': 'Somente' },
  all: { en: 'Show all', 'pt-BR': 'Mostrar tudo' },
  older: { en: 'Older entries', 'pt-BR': 'Entradas mais antigas' },
} satisfies Record<string, Words>;

type Entry = {
  at: string;
  actor: Record<string, string | null>;
  action: string;
  target: string;
  details: Record<string, unknown>;
};

/** The audit log of the own tenant; of operators, that of the platform. */
export function mountConsoleAudit(console: Console): void {
  console.page('audit', async ({ perform, request, locale, tenant }) => {
    const text = (name: keyof typeof WORDS) => WORDS[name][locale];
    const given = (name: string) => (typeof request.query[name] === 'string' ? (request.query[name] as string) : undefined);
    const [action, cursor] = [given('action'), given('cursor')];
    const { body } = await perform<{ data: Entry[]; next_cursor: string | null }>('listAuditLog', {
      query: { limit: '100', ...(action && { action }), ...(cursor && { cursor }) },
    });
    const rows = body.data.map(({ at, actor, action: what, target, details }) => {
      const by = actor.login
        ? text('program').replace('{login}', actor.login)
        : [actor.key_id && text('key').replace('{id}', actor.key_id), actor.address].filter(Boolean).join(' · ');
      const told = Object.keys(details).length > 0 ? `<code class="wrap">${escaped(JSON.stringify(details))}</code>` : '–';
      return [
        time(at, locale, tenant.timezone),
        `<a href="/app/audit?action=${encodeURIComponent(what)}">${escaped(what)}</a>`,
        escaped(target),
        escaped(by),
        told,
      ];
    });
    const head = (['at', 'action', 'target', 'actor', 'details'] as const).map(text);
    const older = new URLSearchParams({ ...(action && { action }), cursor: body.next_cursor ?? '' });
    const more = body.next_cursor
      ? `<p><a href="/app/audit?${escaped(older.toString())}">${escaped(text('older'))}</a></p>`
      : '';
    const chosen = action
      ? `<p>${escaped(text('only'))} <code>${escaped(action)}</code>. <a href="/app/audit">${escaped(text('all'))}</a></p>`
      : '';
    return {
      place: 'audit',
      title: text('title'),
      sheets: [FIGURES_SHEET],
      main: `<p class="about">${escaped(text('about'))}</p>${chosen}
${table(text('title'), head, rows, say('none', locale))}
${more}`,
    };
  });
}
