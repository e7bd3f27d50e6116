import { escaped } from '../../lib/html.ts';
import { badge, confirmed, cursorOf, headed, nextPage, SHEETS, secret, wordsIn } from './admin-parts.ts';
import type { ConsoleContext } from './context.ts';
import { EMPTY, type FormState, field, form, table, time } from './forms.ts';
import type { ConsoleContent } from './shell.ts';
import type { Site } from './site.ts';
import { say } from './words.ts';

const WORDS = {
  alerts: { en: 'All alerts', 'pt-BR': 'Todos os alertas' },
  title: { en: 'Endpoints', 'pt-BR': 'Destinos' },
  endpoint: { en: 'Endpoint', 'pt-BR': 'Destino' },
  kind: { en: 'Kind', 'pt-BR': 'Tipo' },
  webhook: { en: 'Webhook', 'pt-BR': 'Webhook' },
  email: { en: 'E-mail', 'pt-BR': 'E-mail' },
  description: { en: 'Description', 'pt-BR': 'Descrição' },
  add_webhook: { en: 'Add a webhook', 'pt-BR': 'Adicionar um webhook' },
  add_email: { en: 'Add an e-mail address', 'pt-BR': 'Adicionar um endereço de e-mail' },
  url: { en: 'Address', 'pt-BR': 'Endereço' },
  url_hint: { en: 'https:// only', 'pt-BR': 'Só https://' },
  address: { en: 'E-mail address', 'pt-BR': 'Endereço de e-mail' },
  optional: { en: 'Optional', 'pt-BR': 'Opcional' },
  open: { en: 'Open', 'pt-BR': 'Aberto' },
  closed: { en: 'Closed: it answered 410', 'pt-BR': 'Fechado: respondeu 410' },
  delete: { en: 'Delete', 'pt-BR': 'Excluir' },
  sure: {
    en: 'It is told nothing any more, and the log of what was sent there goes with it.',
    'pt-BR': 'Ele não recebe mais nada, e o registro do que foi enviado a ele também é excluído.',
  },
  rotate: { en: 'Replace the secret', 'pt-BR': 'Trocar o segredo' },
  sure_rotate: {
    en: 'There is a new secret at once. For 24 hours each message is signed with both.',
    'pt-BR': 'Há um novo segredo imediatamente. Por 24 horas cada mensagem é assinada com os dois.',
  },
  made: {
    en: 'Messages are signed with this secret. Copy it now: it is not shown again.',
    'pt-BR': 'As mensagens são assinadas com este segredo. Copie agora: ele não será mostrado de novo.',
  },
  log: { en: 'What was sent', 'pt-BR': 'O que foi enviado' },
  log_about: {
    en: 'Messages to endpoints of the last thirty days, newest first.',
    'pt-BR': 'Mensagens aos destinos nos últimos trinta dias, das mais novas às mais antigas.',
  },
  what: { en: 'Message', 'pt-BR': 'Mensagem' },
  at: { en: 'Created', 'pt-BR': 'Criada' },
  ended: { en: 'Ended', 'pt-BR': 'Encerrada' },
  attempts: { en: 'Attempts', 'pt-BR': 'Tentativas' },
  answer: { en: 'Answer', 'pt-BR': 'Resposta' },
  next: { en: 'Next attempt', 'pt-BR': 'Próxima tentativa' },
  waiting: { en: 'Waiting', 'pt-BR': 'Aguardando' },
  delivered: { en: 'Delivered', 'pt-BR': 'Entregue' },
  failed: { en: 'Failed', 'pt-BR': 'Falhou' },
} as const;

/** An endpoint as the calls show it. */
export type AlertEndpoint = {
  id: string;
  kind: 'webhook' | 'email';
  url?: string;
  address?: string;
  description: string | null;
  disabled_at: Date | null;
  created_at: Date;
};

type Delivery = {
  endpoint_id: string;
  type: string;
  status: 'waiting' | 'delivered' | 'failed';
  attempts: number;
  created_at: Date;
  due_at: Date | null;
  ended_at: Date | null;
  response_code: number | null;
  error: string | null;
};

const ALL = { query: { limit: '1000' } };
const TONES = { waiting: 'plain', delivered: 'good', failed: 'bad' } as const;

/** How people know an endpoint. */
export const targetOf = ({ url, address, description }: AlertEndpoint): string =>
  `${url ?? address ?? ''}${description ? ` (${description})` : ''}`;

/** The endpoints of the tenant, for the page of alerts. */
export function endpointTable({ locale, tenant }: ConsoleContext, endpoints: readonly AlertEndpoint[]): string {
  const text = wordsIn(WORDS, locale);
  const rows = endpoints.map((one) => {
    const path = `/app/alerts/endpoints/${one.id}`;
    const about = one.url ?? one.address ?? '';
    const rotate = confirmed({ action: `${path}/rotate`, label: text('rotate'), about, question: text('sure_rotate') }, locale);
    return [
      escaped(about),
      escaped(text(one.kind)),
      escaped(one.description ?? ''),
      one.disabled_at ? badge('bad', text('closed')) : badge('good', text('open')),
      time(one.created_at, locale, tenant.timezone),
      (one.kind === 'webhook' ? rotate : '') +
        confirmed({ action: `${path}/delete`, label: text('delete'), about, question: text('sure') }, locale),
    ];
  });
  const head = [
    text('endpoint'),
    text('kind'),
    text('description'),
    say('status', locale),
    say('created', locale),
    say('actions', locale),
  ];
  const links = (['webhook', 'email'] as const).map(
    (kind) => `<a class="quiet" href="/app/alerts/endpoints/new?kind=${kind}">${escaped(text(`add_${kind}`))}</a>`,
  );
  return `${headed(text('title'), links.join(''))}\n${table(text('title'), head, rows, say('none', locale))}`;
}

/** Whom alerts tell, and what was sent to them. */
export function mountConsoleAlertEndpoints(site: Site): void {
  const back = (locale: ConsoleContext['locale']) => `<p><a href="/app/alerts">← ${escaped(WORDS.alerts[locale])}</a></p>`;

  const add = async (context: ConsoleContext, state: FormState = EMPTY): Promise<ConsoleContent> => {
    const { locale, request } = context;
    const text = wordsIn(WORDS, locale);
    const kind = request.query.kind === 'email' ? 'email' : 'webhook';
    const target =
      kind === 'webhook'
        ? field({ name: 'url', label: text('url'), type: 'url', hint: text('url_hint'), required: true }, state)
        : field({ name: 'address', label: text('address'), type: 'email', required: true }, state);
    const described = field({ name: 'description', label: text('description'), hint: text('optional') }, state);
    const action = `/app/alerts/endpoints/new?kind=${kind}`;
    return {
      place: 'alerts',
      title: text(`add_${kind}`),
      main: `${back(locale)}
<section class="panel">${form(action, target + described, say('add', locale), state.faults)}</section>`,
      sheets: SHEETS,
    };
  };

  const list = async (context: ConsoleContext, made: string, { faults }: FormState = EMPTY): Promise<ConsoleContent> => {
    const { locale, perform } = context;
    const refused = [...faults.values()].map((one) => `<p class="notice" role="alert">${escaped(one)}</p>`);
    const { body } = await perform<{ data: AlertEndpoint[] }>('listAlertEndpoints', ALL);
    return {
      place: 'alerts',
      title: WORDS.title[locale],
      main: `${made}${refused.join('')}${back(locale)}\n${endpointTable(context, body.data)}`,
      scripts: ['console-copy.js'],
      sheets: SHEETS,
    };
  };

  const refusal = (context: ConsoleContext, state: FormState) => list(context, '', state);
  const made = (context: ConsoleContext, value: string | null) =>
    list(context, secret(WORDS.made[context.locale], value, context.locale));

  const log = async (context: ConsoleContext): Promise<ConsoleContent> => {
    const { locale, tenant, perform } = context;
    const text = wordsIn(WORDS, locale);
    const query = { limit: '50', ...cursorOf(context) };
    const { body } = await perform<{ data: Delivery[]; next_cursor: string | null }>('listAlertDeliveries', { query });
    const endpoints = await perform<{ data: AlertEndpoint[] }>('listAlertEndpoints', ALL);
    const targets = new Map(endpoints.body.data.map((one) => [one.id, one.url ?? one.address ?? '']));
    const at = (moment: Date | null) => time(moment, locale, tenant.timezone);
    const rows = body.data.map((one) => [
      at(one.created_at),
      `<code>${escaped(one.type)}</code>`,
      escaped(targets.get(one.endpoint_id) ?? '–'),
      badge(TONES[one.status], text(one.status)),
      String(one.attempts),
      escaped([one.response_code, one.error].filter(Boolean).join(' · ')) +
        (one.status === 'waiting' && one.due_at && one.attempts > 0 ? `<br>${escaped(text('next'))}: ${at(one.due_at)}` : ''),
      at(one.ended_at),
    ]);
    const head = [
      text('at'),
      text('what'),
      text('endpoint'),
      say('status', locale),
      text('attempts'),
      text('answer'),
      text('ended'),
    ];
    const isOpen = body.data.some(({ status }) => status === 'waiting');
    return {
      place: 'alerts',
      title: text('log'),
      main: `${back(locale)}<p class="lead">${escaped(text('log_about'))}</p>
<div id="live"${isOpen ? ' data-unfinished' : ''}>${table(text('log'), head, rows, say('none', locale))}</div>
${nextPage(context, body.next_cursor)}`,
      scripts: ['console-live.js'],
      sheets: SHEETS,
    };
  };

  site.page('alerts/endpoints/new', (context) => add(context));
  site.page('alerts/deliveries', log);
  site.action(
    'alerts/endpoints/new',
    async (context, { url, address, description }) => {
      const kind = context.request.query.kind === 'email' ? 'email' : 'webhook';
      const target = kind === 'email' ? { address } : { url };
      const input = { body: { kind, ...target, ...(description && { description }) } };
      const { body } = await context.perform<{ secret?: string | null }>('createAlertEndpoint', input);
      return body.secret === undefined ? '/app/alerts' : made(context, body.secret);
    },
    add,
  );
  site.action(
    'alerts/endpoints/:id/rotate',
    async (context) => {
      const { params } = context.request;
      const { body } = await context.perform<{ secret?: string | null }>('rotateAlertEndpointSecret', { params });
      return made(context, body.secret ?? null);
    },
    refusal,
  );
  site.action(
    'alerts/endpoints/:id/delete',
    async ({ perform, request }) => {
      await perform('deleteAlertEndpoint', { params: request.params });
      return '/app/alerts';
    },
    refusal,
  );
}
