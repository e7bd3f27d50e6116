import { escaped } from '../../lib/html.ts';
import type { Service } from '../../sql/performance/services.ts';
import { headed, SHEETS, wordsIn } from './admin-parts.ts';
import type { ConsoleContext } from './context.ts';
import { badge, count, FIGURES_SHEET } from './figures.ts';
import { EMPTY, type FormState, form, table } from './forms.ts';
import { serviceBody, serviceFields } from './service-form.ts';
import type { ConsoleContent } from './shell.ts';
import type { Site } from './site.ts';
import { say } from './words.ts';

const WORDS = {
  title: { en: 'Services', 'pt-BR': 'Serviços públicos' },
  about: {
    en: 'A service has a feedback form of its own, and journeys that are recognised in its events.',
    'pt-BR': 'Um serviço tem seu próprio formulário de avaliação, e jornadas que são reconhecidas em seus eventos.',
  },
  add: { en: 'Add a service', 'pt-BR': 'Adicionar um serviço' },
  edit: { en: 'Change the service', 'pt-BR': 'Mudar o serviço' },
  form: { en: 'Feedback form', 'pt-BR': 'Formulário de avaliação' },
  comments: { en: 'Comments', 'pt-BR': 'Comentários' },
  satisfaction: { en: 'User satisfaction', 'pt-BR': 'Satisfação dos usuários' },
  month: { en: 'Month', 'pt-BR': 'Mês' },
  total: { en: 'All months', 'pt-BR': 'Todos os meses' },
  ratings: { en: 'Ratings', 'pt-BR': 'Avaliações' },
  rating_1: { en: '1 very dissatisfied', 'pt-BR': '1 muito insatisfeito' },
  rating_5: { en: '5 very satisfied', 'pt-BR': '5 muito satisfeito' },
  journeys: { en: 'Journeys', 'pt-BR': 'Jornadas' },
  starts: { en: 'Started', 'pt-BR': 'Iniciadas' },
  cohort_completed: { en: 'Of these, completed in time', 'pt-BR': 'Destas, concluídas no prazo' },
  cohort_late: { en: 'Completed after the limit', 'pt-BR': 'Concluídas depois do prazo' },
  cohort_failed: { en: 'Failed: the limit has passed', 'pt-BR': 'Fracassadas: o prazo passou' },
  cohort_open: { en: 'Still open', 'pt-BR': 'Ainda abertas' },
  completions: { en: 'Completed', 'pt-BR': 'Concluídas' },
  rate_period: { en: 'Rate of the month', 'pt-BR': 'Taxa do mês' },
  rate_cohort: { en: 'Rate of those started', 'pt-BR': 'Taxa das iniciadas' },
  rates: { en: 'Completion rates', 'pt-BR': 'Taxas de conclusão' },
  provisional: { en: 'provisional', 'pt-BR': 'provisório' },
  over: { en: 'over 100 %', 'pt-BR': 'acima de 100 %' },
  no_journeys: {
    en: 'This service has no journeys: name its event types to have completion rates.',
    'pt-BR': 'Este serviço não tem jornadas: informe os tipos de evento para ter taxas de conclusão.',
  },
  collecting: {
    en: 'Journeys are being collected from the events. This takes some minutes.',
    'pt-BR': 'As jornadas estão sendo reunidas a partir dos eventos. Isso leva alguns minutos.',
  },
} as const;

type Rate = { value: number | null; numerator: number; denominator: number; provisional: boolean; flags: string[] };
type Figures = {
  period?: string;
  user_satisfaction: { value: number | null; ratings: number[]; denominator: number; provisional: boolean };
  completion_rate_period: Rate | null;
  completion_rate_cohort: Rate | null;
  journeys: Record<
    'starts' | 'completions' | 'cohort_completed' | 'cohort_late' | 'cohort_open' | 'cohort_failed',
    number
  > | null;
};
type Measures = { watermark: string | null; total: Figures; data: Figures[] };

/** Public services of the tenant: their list, their measures by month, and their parameters. */
export function mountConsoleServices(site: Site): void {
  const list = async (context: ConsoleContext, state: FormState = EMPTY): Promise<ConsoleContent> => {
    const { locale, role, tenant, perform } = context;
    const text = wordsIn(WORDS, locale);
    const { body } = await perform<{ data: Service[] }>('listServices', { query: { limit: '1000' } });
    const rows = body.data.map(({ slug, name, locales }) => [
      `<a href="/app/services/${slug}">${escaped(name)}</a>`,
      `<a href="/feedback/${tenant.slug}/${slug}">/feedback/${escaped(tenant.slug)}/${slug}</a>`,
      escaped(locales.join(', ')),
    ]);
    const add = `<section class="panel"><h2>${escaped(text('add'))}</h2>
${form('/app/services', serviceFields(context, state), say('add', locale), state.faults)}</section>`;
    return {
      place: 'services',
      title: text('title'),
      main: `<p class="lead">${escaped(text('about'))}</p>
${table(text('title'), [say('name', locale), text('form'), 'BCP 47'], rows, say('none', locale))}
${role === 'admin' ? add : ''}`,
      sheets: [...SHEETS, FIGURES_SHEET],
    };
  };

  const edit = async (context: ConsoleContext, state: FormState = EMPTY): Promise<ConsoleContent> => {
    const { locale, perform, request } = context;
    const text = wordsIn(WORDS, locale);
    const { body } = await perform<Service>('getService', { params: request.params });
    const path = `/app/services/${body.slug}`;
    return {
      place: 'services',
      title: body.name,
      main: `<section class="panel"><h2>${escaped(text('edit'))}</h2>
${form(`${path}/edit`, serviceFields(context, state, body), say('save', locale), state.faults)}</section>`,
      sheets: [...SHEETS, FIGURES_SHEET],
    };
  };

  site.page('services', (context) => list(context));
  site.action(
    'services',
    async ({ perform }, fields) => {
      await perform('putService', { params: { slug: fields.slug }, body: serviceBody(fields) });
      return `/app/services/${fields.slug}`;
    },
    list,
  );
  site.page('services/:slug', async (context) => {
    const { perform, request, role, locale } = context;
    const text = wordsIn(WORDS, locale);
    const { body: service } = await perform<Service>('getService', { params: request.params });
    const { body: measures } = await perform<Measures>('getServiceMeasures', { params: request.params });
    const path = `/app/services/${service.slug}`;
    const links = `<a class="quiet" href="${path}/comments">${escaped(text('comments'))}</a> <a class="quiet" href="${path}/edit">${escaped(text('edit'))}</a>`;
    return {
      place: 'services',
      title: service.name,
      main: `${headed(text('satisfaction'), role === 'admin' ? `<span class="choices">${links}</span>` : '')}
${satisfaction(context, measures)}
${headed(text('journeys'))}
${journeys(context, service, measures)}`,
      sheets: [...SHEETS, FIGURES_SHEET],
    };
  });
  site.page('services/:slug/edit', (context) => edit(context));
  site.action(
    'services/:slug/edit',
    async ({ perform, request }, fields) => {
      await perform('putService', { params: request.params, body: serviceBody(fields) });
      return `/app/services/${request.params.slug}`;
    },
    edit,
  );
}

const percent = (value: number | null, locale: ConsoleContext['locale']) =>
  value === null ? '–' : `${count(value, locale, 1)} %`;

// A bar beside its number. The number is the text of the bar too, for screen readers.
const bar = (value: number, max: number, label: string, shown: string) =>
  `<meter min="0" max="${Math.max(1, max)}" value="${value}" aria-label="${escaped(label)}">${shown}</meter> ${shown}`;

function satisfaction({ locale }: ConsoleContext, { total, data }: Measures): string {
  const text = wordsIn(WORDS, locale);
  const months = [...data.toReversed(), total].map(
    ({ period = text('total'), user_satisfaction: { value, ratings, denominator } }) => [
      escaped(period),
      value === null ? '–' : bar(value, 100, `${text('satisfaction')} ${period}`, percent(value, locale)),
      ...ratings.map((n) => count(n, locale)),
      count(denominator, locale),
    ],
  );
  const head = [text('month'), text('satisfaction'), text('rating_1'), '2', '3', '4', text('rating_5'), text('ratings')];
  const all = total.user_satisfaction;
  const shares = all.ratings.map((n, index) => [
    index === 0 ? escaped(text('rating_1')) : index === 4 ? escaped(text('rating_5')) : String(index + 1),
    bar(n, all.denominator, `${text('ratings')} ${index + 1}`, count(n, locale)),
  ]);
  return `${table(text('satisfaction'), head, months, '')}
${headed(text('ratings'))}
${table(text('ratings'), [text('ratings'), text('total')], shares.toReversed(), '')}`;
}

function journeys({ locale }: ConsoleContext, service: Service, { watermark, total, data }: Measures): string {
  const text = wordsIn(WORDS, locale);
  if (!service.journey) return `<p class="empty">${escaped(text('no_journeys'))}</p>`;
  const rate = (one: Rate | null) =>
    !one
      ? '–'
      : [
          percent(one.value, locale),
          ...(one.provisional ? [badge(text('provisional'), 'plain')] : []),
          ...(one.flags.length > 0 ? [badge(text('over'), 'warning')] : []),
        ].join(' ');
  const n = (figures: Figures, name: keyof NonNullable<Figures['journeys']>) => figures.journeys?.[name] ?? 0;
  const steps = ['starts', 'cohort_completed', 'cohort_open', 'cohort_late', 'cohort_failed'] as const;
  const funnel = steps.map((step) => [
    escaped(text(step)),
    bar(n(total, step), n(total, 'starts'), text(step), count(n(total, step), locale)),
  ]);
  const months = [...data.toReversed(), total].map((figures) => [
    escaped(figures.period ?? text('total')),
    count(n(figures, 'starts'), locale),
    count(n(figures, 'completions'), locale),
    rate(figures.completion_rate_period),
    rate(figures.completion_rate_cohort),
  ]);
  const head = ['month', 'starts', 'completions', 'rate_period', 'rate_cohort'] as const;
  const waiting = watermark === null ? `<p class="notice" role="status">${escaped(text('collecting'))}</p>\n` : '';
  return `${waiting}${table(text('journeys'), [text('journeys'), text('total')], funnel, '')}
${headed(text('rates'))}
${table(text('rates'), head.map(text), months, '')}`;
}
