import { escaped } from '../../lib/html.ts';
import type { Incident } from '../../sql/privacy/incidents.ts';
import { badge, cursorOf, nextPage, SHEETS, wordsIn } from './admin-parts.ts';
import type { ConsoleContext } from './context.ts';
import { button, EMPTY, type FormState, field, form, table, time } from './forms.ts';
import type { ConsoleContent } from './shell.ts';
import type { Site } from './site.ts';
import { say } from './words.ts';

const WORDS = {
  title: { en: 'Security incidents', 'pt-BR': 'Incidentes de segurança' },
  about: {
    en: 'Incidents with personal data (LGPD art. 48). Where people may suffer damage, the authority and they are notified within three business days. Entries are kept for five years. Name nobody here.',
    'pt-BR':
      'Incidentes com dados pessoais (LGPD art. 48). Quando pessoas podem sofrer danos, a autoridade e elas são avisadas em três dias úteis. Os registros ficam por cinco anos. Não cite ninguém aqui.',
  },
  incident: { en: 'Incident', 'pt-BR': 'Incidente' },
  known: { en: 'Known since', 'pt-BR': 'Conhecido desde' },
  known_hint: { en: 'The deadline runs from here. In UTC.', 'pt-BR': 'O prazo conta daqui. Em UTC.' },
  due: { en: 'Notify by', 'pt-BR': 'Avisar até' },
  late: { en: 'Overdue', 'pt-BR': 'Em atraso' },
  authority: { en: 'Authority notified', 'pt-BR': 'Autoridade avisada' },
  people: { en: 'People notified', 'pt-BR': 'Pessoas avisadas' },
  open: { en: 'Open', 'pt-BR': 'Aberto' },
  closed: { en: 'Closed', 'pt-BR': 'Encerrado' },
  now: { en: 'Done now', 'pt-BR': 'Feito agora' },
  close: { en: 'Close', 'pt-BR': 'Encerrar' },
  new: { en: 'Register an incident', 'pt-BR': 'Registrar um incidente' },
  name: { en: 'Title', 'pt-BR': 'Título' },
  description: { en: 'What happened', 'pt-BR': 'O que aconteceu' },
  categories: { en: 'Categories of data', 'pt-BR': 'Categorias de dados' },
  categories_hint: {
    en: 'Separated by commas, such as contact, financial.',
    'pt-BR': 'Separadas por vírgulas, como contato, financeiro.',
  },
  tenants: { en: 'Ids of the tenants concerned', 'pt-BR': 'Ids dos clientes afetados' },
  tenants_hint: { en: 'Separated by commas.', 'pt-BR': 'Separados por vírgulas.' },
  risk: { en: 'May people suffer relevant damage?', 'pt-BR': 'Pessoas podem sofrer dano relevante?' },
  yes: { en: 'Yes: they and the authority are notified', 'pt-BR': 'Sim: elas e a autoridade são avisadas' },
  no: { en: 'No', 'pt-BR': 'Não' },
} as const;

const MOMENTS = ['authority_notified_at', 'people_notified_at', 'closed_at'] as const;

/** The operator's register of security incidents with personal data, with their clocks. */
export function mountConsoleIncidents(site: Site): void {
  const show = async (context: ConsoleContext, state: FormState = EMPTY): Promise<ConsoleContent> => {
    const { locale, tenant, perform } = context;
    const text = wordsIn(WORDS, locale);
    const query = { limit: '50', ...cursorOf(context) };
    const { body } = await perform<{ data: Incident[]; next_cursor: string | null }>('listIncidents', { query });
    const at = (moment: Date) => time(moment, locale, tenant.timezone);
    const rows = body.data.map((one) => {
      const done = (name: (typeof MOMENTS)[number], label: string) =>
        one[name] ? at(one[name]) : button('/app/incidents/moment', label, one.title, { id: one.id, name });
      const isLate =
        one.is_risk &&
        !one.closed_at &&
        one.notify_by.getTime() < Date.now() &&
        !(one.authority_notified_at && one.people_notified_at);
      return [
        `<strong>${escaped(one.title)}</strong><p class="about">${escaped(one.description)}</p>`,
        at(one.known_at),
        one.is_risk ? `${at(one.notify_by)}${isLate ? ` ${badge('bad', text('late'))}` : ''}` : '–',
        one.is_risk ? done('authority_notified_at', text('now')) : '–',
        one.is_risk ? done('people_notified_at', text('now')) : '–',
        one.closed_at
          ? `${badge('good', text('closed'))} ${at(one.closed_at)}`
          : `${badge('warning', text('open'))} ${done('closed_at', text('close'))}`,
      ];
    });
    const head = [text('incident'), text('known'), text('due'), text('authority'), text('people'), say('status', locale)];
    const risks = (['yes', 'no'] as const).map((one) => [one, text(one)] as const);
    const fields =
      field({ name: 'title', label: text('name'), required: true }, state) +
      field({ name: 'description', label: text('description'), type: 'textarea', required: true }, state) +
      field(
        {
          name: 'known_at',
          label: text('known'),
          hint: text('known_hint'),
          type: 'datetime-local',
          value: new Date().toISOString().slice(0, 16),
          required: true,
        },
        state,
      ) +
      field({ name: 'is_risk', label: text('risk'), options: risks }, state) +
      field({ name: 'data_categories', label: text('categories'), hint: text('categories_hint') }, state) +
      field({ name: 'tenant_ids', label: text('tenants'), hint: text('tenants_hint') }, state);
    return {
      place: 'incidents',
      title: text('title'),
      main: `<p class="lead">${escaped(text('about'))}</p>
${table(text('title'), head, rows, say('none', locale))}
${nextPage(context, body.next_cursor)}
<section class="panel"><h2>${escaped(text('new'))}</h2>
${form('/app/incidents', fields, text('new'), state.faults)}</section>`,
      sheets: SHEETS,
    };
  };

  site.page('incidents', (context) => show(context));
  site.action(
    'incidents',
    async ({ perform }, { title, description, known_at, is_risk, data_categories, tenant_ids }) => {
      const body = {
        title,
        description,
        known_at: `${known_at}:00Z`,
        is_risk: is_risk === 'yes',
        data_categories: listOf(data_categories),
        tenant_ids: listOf(tenant_ids),
      };
      await perform('createIncident', { body });
      return '/app/incidents';
    },
    show,
  );
  site.action(
    'incidents/moment',
    async ({ perform }, { id, name }) => {
      await perform('changeIncident', { params: { id }, body: { [String(name)]: new Date().toISOString() } });
      return '/app/incidents';
    },
    show,
  );
}

const listOf = (text = ''): string[] =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean);
