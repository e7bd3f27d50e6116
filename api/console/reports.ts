import { escaped } from '../../lib/html.ts';
import { MEASURES, type Measure, type MeasureName, type Report } from '../../sql/reports/reports.ts';
import type { Locale } from '../pages/html.ts';
import { amountText, missingLines, notesOf, numberText, periodText } from '../reports/figure-text.ts';
import { methodText } from '../reports/method-words.ts';
import { badge, confirmed, cursorOf, headed, nextPage, SHEETS, wordsIn } from './admin-parts.ts';
import type { ConsoleContext } from './context.ts';
import { EMPTY, type FormState, field, form, table, time } from './forms.ts';
import type { ConsoleContent } from './shell.ts';
import type { Site } from './site.ts';
import { say } from './words.ts';

const WORDS = {
  title: { en: 'Performance reports', 'pt-BR': 'Relatórios de desempenho' },
  lead: {
    en: 'Reports of closed months and quarters are made by themselves. Nothing is public before it is published.',
    'pt-BR': 'Os relatórios de meses e trimestres encerrados são feitos sozinhos. Nada fica público antes de ser publicado.',
  },
  services: { en: 'Services', 'pt-BR': 'Serviços públicos' },
  no_service: {
    en: 'There is no service yet. Create one on the page of services.',
    'pt-BR': 'Ainda não há serviço. Crie um na página de serviços públicos.',
  },
  service: { en: 'Service', 'pt-BR': 'Serviço' },
  channels: { en: 'Channels and costs', 'pt-BR': 'Canais e custos' },
  period: { en: 'Period', 'pt-BR': 'Período' },
  period_hint: {
    en: 'A month (2026-10), a quarter (2026-Q4) or a year (2026).',
    'pt-BR': 'Um mês (2026-10), um trimestre (2026-Q4) ou um ano (2026).',
  },
  when_ready: { en: 'When it is ready', 'pt-BR': 'Quando estiver pronto' },
  keep: { en: 'show it here', 'pt-BR': 'mostrar aqui' },
  publish_it: { en: 'publish it', 'pt-BR': 'publicar' },
  request: { en: 'Request the report', 'pt-BR': 'Pedir o relatório' },
  new: { en: 'New report', 'pt-BR': 'Novo relatório' },
  report: { en: 'Report', 'pt-BR': 'Relatório' },
  queued: { en: 'Queued', 'pt-BR': 'Na fila' },
  running: { en: 'Running', 'pt-BR': 'Em andamento' },
  completed: { en: 'Completed', 'pt-BR': 'Pronto' },
  failed: { en: 'Failed', 'pt-BR': 'Falhou' },
  incomplete: { en: 'Incomplete', 'pt-BR': 'Incompleto' },
  published: { en: 'Published as revision {n}', 'pt-BR': 'Publicado como revisão {n}' },
  withdrawn: { en: 'Withdrawn', 'pt-BR': 'Retirado' },
  private: { en: 'Not published', 'pt-BR': 'Não publicado' },
  public: { en: 'Public', 'pt-BR': 'Público' },
  requested: { en: 'Requested', 'pt-BR': 'Pedido' },
  publish: { en: 'Publish', 'pt-BR': 'Publicar' },
  publish_sure: {
    en: 'Everybody can read the report. It becomes the next revision of its period, with what changed.',
    'pt-BR': 'Todos podem ler o relatório. Ele se torna a próxima revisão do período, com o que mudou.',
  },
  withdraw: { en: 'Withdraw', 'pt-BR': 'Retirar' },
  withdraw_sure: {
    en: 'The address of this revision answers that it does not exist. Copies that others made remain.',
    'pt-BR': 'O endereço desta revisão passa a responder que ela não existe. Cópias feitas por outros permanecem.',
  },
  open: { en: 'Open the public page', 'pt-BR': 'Abrir a página pública' },
  measure: { en: 'Measure', 'pt-BR': 'Medida' },
  value: { en: 'Value', 'pt-BR': 'Valor' },
  numerator: { en: 'Numerator', 'pt-BR': 'Numerador' },
  denominator: { en: 'Denominator', 'pt-BR': 'Denominador' },
  notes: { en: 'Notes', 'pt-BR': 'Observações' },
  provisional: { en: 'Provisional', 'pt-BR': 'Provisório' },
  missing: { en: 'What is missing', 'pt-BR': 'O que falta' },
  changes: { en: 'What changed since the revision before', 'pt-BR': 'O que mudou desde a revisão anterior' },
  method: { en: 'How the figures are computed', 'pt-BR': 'Como os números são calculados' },
  back: { en: 'All reports', 'pt-BR': 'Todos os relatórios' },
  user_satisfaction: { en: 'User satisfaction', 'pt-BR': 'Satisfação dos usuários' },
  completion_rate_period: { en: 'Completion rate (period)', 'pt-BR': 'Taxa de conclusão (período)' },
  completion_rate_cohort: { en: 'Completion rate (cohort)', 'pt-BR': 'Taxa de conclusão (coorte)' },
  digital_take_up: { en: 'Digital take-up', 'pt-BR': 'Uso do canal digital' },
  cost_per_transaction: { en: 'Cost per transaction', 'pt-BR': 'Custo por transação' },
} as const;

type Text = (name: keyof typeof WORDS) => string;
type ServiceRow = { slug: string; name: string };

/** Performance reports of the tenant's services: requested, read, published and withdrawn. */
export function mountConsoleReports(site: Site): void {
  const list = async (context: ConsoleContext, state: FormState = EMPTY): Promise<ConsoleContent> => {
    const { locale, tenant, role, perform } = context;
    const text = wordsIn(WORDS, locale);
    const [services, reports] = await Promise.all([
      perform<{ data: ServiceRow[] }>('listServices', { query: { limit: '1000' } }),
      perform<{ data: Report[]; next_cursor: string | null }>('listPerformanceReports', {
        query: { limit: '50', ...cursorOf(context) },
      }),
    ]);
    const offered = services.body.data.map(({ slug, name }) => [slug, name] as const);
    const names = new Map(offered);
    const rows = reports.body.data.map((report) => [
      `<a href="/app/reports/${report.id}">${escaped(`${names.get(report.service) ?? report.service}, ${periodText(report.period, locale)}`)}</a>`,
      statusOf(report, text),
      publicOf(report, text),
      time(report.requested_at, locale, tenant.timezone),
      role === 'admin' ? actionsOf(report, context) : '',
    ]);
    const fields = [
      field({ name: 'service', label: text('service'), options: offered }, state),
      field({ name: 'period', label: text('period'), hint: text('period_hint'), required: true }, state),
      field(
        {
          name: 'publish',
          label: text('when_ready'),
          options: [
            ['', text('keep')],
            ['true', text('publish_it')],
          ],
        },
        state,
      ),
    ];
    const months = offered.map(([slug, name]) => [
      `<a href="/app/services/${slug}">${escaped(name)}</a>`,
      `<a href="/app/reports/services/${slug}">${escaped(text('channels'))}</a>`,
    ]);
    const head = [text('report'), say('status', locale), text('public'), text('requested'), say('actions', locale)];
    return {
      place: 'reports',
      title: text('title'),
      main: `<p class="lead">${escaped(text('lead'))}</p>
${table(text('title'), head, rows, say('none', locale))}
${nextPage(context, reports.body.next_cursor)}
${role === 'admin' && offered.length > 0 ? `<section class="panel"><h2>${escaped(text('new'))}</h2>${form('/app/reports', fields.join('\n'), text('request'), state.faults)}</section>` : ''}
${headed(text('services'))}
${table(text('services'), [text('service'), text('channels')], months, text('no_service'))}`,
      sheets: SHEETS,
    };
  };

  const show = async (context: ConsoleContext, { faults }: FormState = EMPTY): Promise<ConsoleContent> => {
    const { locale, role, perform, request } = context;
    const text = wordsIn(WORDS, locale);
    const { body: report } = await perform<Report>('getPerformanceReport', { params: { id: request.params.id } });
    const { measures, method, missing, changes } = report;
    const rows = measures ? MEASURES.map((name) => [escaped(text(name)), ...cellsOf(measures[name], locale, text)]) : [];
    const lacking = missingLines(missing ?? [], locale).map((line) => `<li>${escaped(line)}</li>`);
    const figure = (value: number | null, measure: MeasureName) =>
      value === null || !measures ? '–' : amountText(value, measures[measure].parameters, locale);
    const differs = (changes ?? []).map(
      ({ measure, before, after }) =>
        `<li>${escaped(`${text(measure)}: ${figure(before, measure)} → ${figure(after, measure)}`)}</li>`,
    );
    const how = method && methodText(method, locale);
    const said = MEASURES.map((name) => `<dt>${escaped(text(name))}</dt><dd>${escaped(how?.measures[name] ?? '')}</dd>`);
    return {
      place: 'reports',
      title: `${report.service}, ${periodText(report.period, locale)}`,
      main: `<p><a href="/app/reports">← ${escaped(text('back'))}</a></p>
${faults.has('') ? `<p class="notice" role="alert">${escaped(faults.get('') ?? '')}</p>\n` : ''}<p class="next">${statusOf(report, text)} ${publicOf(report, text)} ${role === 'admin' ? actionsOf(report, context) : ''} ${linkOf(report, context, text)}</p>
${table(text('report'), [text('measure'), text('value'), text('numerator'), text('denominator'), text('notes')], rows, text('queued'))}
${lacking.length > 0 ? `${headed(text('missing'))}<ul>${lacking.join('')}</ul>` : ''}
${differs.length > 0 ? `${headed(text('changes'))}<ul>${differs.join('')}</ul>` : ''}
${how ? `${headed(text('method'))}<dl class="facts">${said.join('')}</dl><ul>${how.assumptions.map((one) => `<li>${escaped(one)}</li>`).join('')}</ul>` : ''}`,
      sheets: SHEETS,
    };
  };

  site.page('reports', (context) => list(context));
  site.action(
    'reports',
    async ({ perform }, { service, period, publish }) => {
      const { body } = await perform<Report>('requestPerformanceReport', {
        body: { service, period, publish: publish === 'true' },
      });
      return `/app/reports/${body.id}`;
    },
    list,
  );
  site.page('reports/:id', (context) => show(context));
  for (const [name, call] of [
    ['publish', 'publishPerformanceReport'],
    ['withdraw', 'withdrawPerformanceReport'],
  ] as const) {
    site.action(
      `reports/:id/${name}`,
      async ({ perform, request }) => {
        await perform(call, { params: { id: request.params.id } });
        return `/app/reports/${request.params.id}`;
      },
      show,
    );
  }
}

function statusOf({ status, missing }: Report, text: Text): string {
  if (status === 'completed' && missing && missing.length > 0) return badge('warning', text('incomplete'));
  return badge(status === 'failed' ? 'bad' : status === 'completed' ? 'good' : 'plain', text(status));
}

const isPublic = ({ published_at, withdrawn_at }: Report) => published_at !== null && withdrawn_at === null;

function publicOf(report: Report, text: Text): string {
  if (isPublic(report)) return badge('good', text('published').replace('{n}', String(report.revision)));
  return badge('plain', text(report.published_at === null ? 'private' : 'withdrawn'));
}

function actionsOf(report: Report, { locale }: ConsoleContext): string {
  if (report.status !== 'completed') return '';
  const text = wordsIn(WORDS, locale);
  const name = isPublic(report) ? 'withdraw' : 'publish';
  const about = `${report.service}, ${periodText(report.period, locale)}`;
  const action = `/app/reports/${report.id}/${name}`;
  return confirmed({ action, label: text(name), about, question: text(`${name}_sure`) }, locale);
}

const linkOf = (report: Report, { tenant }: ConsoleContext, text: Text) =>
  isPublic(report)
    ? `<a class="quiet" href="/public/performance/${tenant.slug}/${report.service}/${report.period}/${report.revision}">${escaped(text('open'))}</a>`
    : '';

function cellsOf(measure: Measure, locale: Locale, text: Text): string[] {
  const { value, numerator, denominator, provisional, parameters } = measure;
  const count = (one: number | null) => (one === null ? '–' : numberText(one, locale));
  return [
    escaped(value === null ? '–' : amountText(value, parameters, locale)),
    count(numerator),
    count(denominator),
    [...(provisional ? [badge('warning', text('provisional'))] : []), ...notesOf(measure, locale).map(escaped)].join(' '),
  ];
}
