import { escaped } from '../../lib/html.ts';
import type { Rule, RuleState } from '../../sql/alerts/rules.ts';
import { badge, confirmed, headed, SHEETS, wordsIn } from './admin-parts.ts';
import { type AlertEndpoint, endpointTable, targetOf } from './alert-endpoints.ts';
import { ruleFields, ruleOf, span } from './alert-form.ts';
import type { ConsoleContext } from './context.ts';
import { button, EMPTY, type FormState, form, table, time } from './forms.ts';
import type { ConsoleContent } from './shell.ts';
import type { Site } from './site.ts';
import { say } from './words.ts';

const WORDS = {
  title: { en: 'Alerts', 'pt-BR': 'Alertas' },
  rules: { en: 'Rules', 'pt-BR': 'Regras' },
  watches: { en: 'Alerts when', 'pt-BR': 'Alerta quando' },
  above: { en: 'above', 'pt-BR': 'acima de' },
  below: { en: 'below', 'pt-BR': 'abaixo de' },
  over: { en: 'over the last', 'pt-BR': 'em' },
  value: { en: 'Now', 'pt-BR': 'Agora' },
  since: { en: 'since', 'pt-BR': 'desde' },
  ok: { en: 'Well', 'pt-BR': 'Bem' },
  pending: { en: 'Pending', 'pt-BR': 'Pendente' },
  firing: { en: 'Firing', 'pt-BR': 'Disparado' },
  unknown: { en: 'Not yet known', 'pt-BR': 'Ainda não se sabe' },
  off: { en: 'Switched off', 'pt-BR': 'Desligada' },
  switch_off: { en: 'Switch off', 'pt-BR': 'Desligar' },
  switch_on: { en: 'Switch on', 'pt-BR': 'Ligar' },
  test: { en: 'Send a test', 'pt-BR': 'Enviar um teste' },
  delete: { en: 'Delete', 'pt-BR': 'Excluir' },
  sure: {
    en: 'The rule and its state are deleted. What was sent stays in the log.',
    'pt-BR': 'A regra e o seu estado são excluídos. O que foi enviado fica no registro.',
  },
  new: { en: 'New rule', 'pt-BR': 'Nova regra' },
  create: { en: 'Create the rule', 'pt-BR': 'Criar a regra' },
  rule: { en: 'Rule', 'pt-BR': 'Regra' },
  log: { en: 'What was sent', 'pt-BR': 'O que foi enviado' },
  back: { en: 'All alerts', 'pt-BR': 'Todos os alertas' },
} as const;

const TONES = { ok: 'good', pending: 'warning', firing: 'bad', unknown: 'plain' } as const;
const ALL = { query: { limit: '1000' } };

/** Alert rules of the tenant, how they stand, and whom they tell. */
export function mountConsoleAlerts(site: Site): void {
  const show = async (context: ConsoleContext, state: FormState = EMPTY): Promise<ConsoleContent> => {
    const { locale, tenant, perform } = context;
    const text = wordsIn(WORDS, locale);
    const [rules, states, endpoints] = await Promise.all([
      perform<{ data: Rule[] }>('listAlertRules', ALL),
      perform<{ data: RuleState[] }>('listAlerts', ALL),
      perform<{ data: AlertEndpoint[] }>('listAlertEndpoints', ALL),
    ]);
    const number = new Intl.NumberFormat(locale, { maximumSignificantDigits: 4 });
    const standing = new Map(states.body.data.map((one) => [one.rule_id, one]));
    const rows = rules.body.data.map((rule) => {
      const now = standing.get(rule.id);
      const path = `/app/alerts/rules/${rule.id}`;
      const stand = rule.enabled && now ? badge(TONES[now.state], text(now.state)) : badge('plain', text('off'));
      const isHot = rule.enabled && (now?.state === 'firing' || now?.state === 'pending');
      const since = isHot ? `<br>${escaped(text('since'))} ${time(now?.since ?? null, locale, tenant.timezone)}` : '';
      return [
        `<a href="${path}">${escaped(rule.name)}</a>`,
        escaped(
          `${rule.metric} ${text(rule.condition)} ${number.format(rule.threshold)}, ${text('over')} ${span(rule.window_seconds, locale)}`,
        ),
        stand + since,
        now?.value === null || now?.value === undefined ? '–' : number.format(now.value),
        button(`${path}/switch`, text(rule.enabled ? 'switch_off' : 'switch_on'), rule.name, {
          enabled: String(!rule.enabled),
        }) +
          (rule.notify.length > 0 ? button(`${path}/test`, text('test'), rule.name) : '') +
          confirmed({ action: `${path}/delete`, label: text('delete'), about: rule.name, question: text('sure') }, locale),
      ];
    });
    const head = [say('name', locale), text('watches'), say('status', locale), text('value'), say('actions', locale)];
    const fault =
      state.faults.size > 0 ? `<p class="notice" role="alert">${escaped([...state.faults.values()].join(' '))}</p>\n` : '';
    return {
      place: 'alerts',
      title: text('title'),
      main: `${fault}${headed(text('rules'), `<a class="button" href="/app/alerts/rules/new">${escaped(text('new'))}</a><a class="quiet" href="/app/alerts/deliveries">${escaped(text('log'))}</a>`)}
${table(text('rules'), head, rows, say('none', locale))}
${endpointTable(context, endpoints.body.data)}`,
      sheets: SHEETS,
    };
  };

  const edit = async (context: ConsoleContext, state: FormState = EMPTY): Promise<ConsoleContent> => {
    const { locale, perform, request } = context;
    const text = wordsIn(WORDS, locale);
    const { id } = request.params;
    const rule = id ? (await perform<Rule>('getAlertRule', { params: { id } })).body : {};
    const { body } = await perform<{ data: AlertEndpoint[] }>('listAlertEndpoints', ALL);
    const endpoints = body.data.map((one) => ({ id: one.id, label: targetOf(one) }));
    const action = id ? `/app/alerts/rules/${id}` : '/app/alerts/rules/new';
    return {
      place: 'alerts',
      title: 'name' in rule ? `${text('rule')}: ${rule.name}` : text('new'),
      main: `<p><a href="/app/alerts">← ${escaped(text('back'))}</a></p>
<section class="panel rule">${form(action, ruleFields(locale, endpoints, rule, state), id ? say('save', locale) : text('create'), state.faults)}</section>`,
      scripts: ['console-alerts.js'],
      sheets: SHEETS,
    };
  };

  site.page('alerts', (context) => show(context));
  site.page('alerts/rules/new', (context) => edit(context));
  site.page('alerts/rules/:id', (context) => edit(context));
  site.action(
    'alerts/rules/new',
    async ({ perform }, values) => {
      await perform('createAlertRule', { body: ruleOf(values) });
      return '/app/alerts';
    },
    edit,
  );
  site.action(
    'alerts/rules/:id',
    async ({ perform, request }, values) => {
      await perform('updateAlertRule', { params: request.params, body: ruleOf(values) });
      return '/app/alerts';
    },
    edit,
  );
  site.action(
    'alerts/rules/:id/switch',
    async ({ perform, request }, { enabled }) => {
      await perform('updateAlertRule', { params: request.params, body: { enabled: enabled === 'true' } });
      return '/app/alerts';
    },
    show,
  );
  site.action(
    'alerts/rules/:id/test',
    async ({ perform, request }) => {
      await perform('testAlertRule', { params: request.params });
      return '/app/alerts/deliveries';
    },
    show,
  );
  site.action(
    'alerts/rules/:id/delete',
    async ({ perform, request }) => {
      await perform('deleteAlertRule', { params: request.params });
      return '/app/alerts';
    },
    show,
  );
}
