import { escaped } from '../../lib/html.ts';
import { monthsUpTo } from '../../lib/months.ts';
import { periodAt } from '../../sql/performance/periods.ts';
import { CHANNELS, type Service } from '../../sql/performance/services.ts';
import type { ChannelCosts, ChannelMonth } from '../../sql/reports/channels.ts';
import type { Connector } from '../../sql/reports/connectors.ts';
import { invalidRequest, Problem } from '../http/problems.ts';
import { badge, headed, SHEETS, wordsIn } from './admin-parts.ts';
import { CHANNEL_WORDS as WORDS } from './channel-words.ts';
import { connectorPart } from './connector-form.ts';
import type { ConsoleContext } from './context.ts';
import { EMPTY, type FormState, field, form, table } from './forms.ts';
import type { ConsoleContent } from './shell.ts';
import type { Site } from './site.ts';
import { say } from './words.ts';

const SHOWN_MONTHS = 13;

/** Counts and costs of the channels of a service by month, and the connector that fetches them. */
export function mountConsoleChannels(site: Site): void {
  const show = async (
    context: ConsoleContext,
    state: FormState = EMPTY,
    connectorState: FormState = EMPTY,
  ): Promise<ConsoleContent> => {
    const { locale, role, perform, request } = context;
    const text = wordsIn(WORDS, locale);
    const params = { slug: request.params.slug };
    const { body: service } = await perform<Service>('getService', { params });
    const { body: months } = await perform<{ data: ChannelMonth[] }>('listChannelCounts', { params, query: { limit: '100' } });
    const connector = await perform<Connector>('getConnector', { params }).catch((error: unknown) => {
      if (error instanceof Problem && error.code === 'not-found') return undefined;
      throw error;
    });
    const recorded = new Map(months.data.map((one) => [one.period, one]));
    const number = new Intl.NumberFormat(locale);
    const money = (amount: number, currency: string) => amount.toLocaleString(locale, { style: 'currency', currency });
    const rows = monthsUpTo(periodAt(new Date(), service.timezone).name, SHOWN_MONTHS)
      .toReversed()
      .map((month) => {
        const found = recorded.get(month);
        const lacks = (channel: (typeof CHANNELS)[number]) =>
          channel === 'online' && service.journey
            ? escaped(text('journeys'))
            : service.channels.includes(channel)
              ? badge('warning', text('missing'))
              : '–';
        const counts = CHANNELS.map((channel) => {
          const count = found?.[channel];
          return count === null || count === undefined ? lacks(channel) : number.format(count);
        });
        const costs = found?.costs
          ? CHANNELS.flatMap((channel) => found.costs?.[channel] ?? []).reduce((sum, one) => sum + one, 0)
          : undefined;
        return [
          role === 'admin' ? `<a href="?period=${month}#field-period">${month}</a>` : month,
          ...counts,
          costs === undefined ? '–' : escaped(money(costs, found?.costs?.currency ?? '')),
          found
            ? escaped(text(found.source)) +
              (found.revision > 1 ? ` ${badge('plain', text('restated').replace('{n}', String(found.revision)))}` : '')
            : '–',
        ];
      });
    const head = [text('month'), ...CHANNELS.map((one) => text(one)), text('costs'), text('source')];
    const path = `/app/reports/services/${service.slug}`;
    const chosen = typeof request.query.period === 'string' ? request.query.period : '';
    const shown = Object.keys(state.values).length > 0 ? state : { ...state, values: valuesOf(chosen, recorded.get(chosen)) };
    const forms =
      role === 'admin'
        ? `<section class="panel"><h2>${escaped(text('record'))}</h2>${form(path, countFields(service, text, shown), say('save', locale), state.faults)}</section>`
        : '';
    return {
      place: 'reports',
      title: `${service.name}: ${text('title')}`,
      main: `<p><a href="/app/reports">← ${escaped(text('back'))}</a></p>
<p class="lead">${escaped(text('lead'))}</p>
${table(text('months'), head, rows, say('none', locale))}
${forms}
${headed(text('title_connector'))}
${connectorPart(context, path, connector?.body, connectorState)}`,
      sheets: SHEETS,
    };
  };

  site.page('reports/services/:slug', (context) => show(context));
  site.action(
    'reports/services/:slug',
    async ({ perform, request }, values) => {
      const params = { slug: request.params.slug, period: values.period ?? '' };
      await perform('putChannelCounts', { params, body: countsOf(values) }).catch(renameCosts);
      return `/app/reports/services/${request.params.slug}`;
    },
    show,
  );
  site.action(
    'reports/services/:slug/connector',
    async ({ perform, request }, { url, authorization, mapping = '', schedule, day = '', first_period, enabled }) => {
      const body = {
        url,
        ...(authorization && { authorization }),
        mapping: parsed(mapping),
        schedule,
        day: parsed(day),
        ...(first_period && { first_period }),
        enabled: enabled === 'true',
      };
      await perform('putConnector', { params: { slug: request.params.slug }, body }).catch(renameMapping);
      return `/app/reports/services/${request.params.slug}`;
    },
    (context, state) => show(context, EMPTY, state),
  );
  for (const [name, call] of [
    ['run', 'runConnector'],
    ['delete', 'deleteConnector'],
  ] as const) {
    site.action(
      `reports/services/:slug/connector/${name}`,
      async ({ perform, request }) => {
        await perform(call, { params: { slug: request.params.slug } });
        return `/app/reports/services/${request.params.slug}`;
      },
      (context, state) => show(context, EMPTY, state),
    );
  }
}

type Text = (name: keyof typeof WORDS) => string;

function countFields({ channels, costs }: Service, text: Text, state: FormState): string {
  const named = CHANNELS.filter((one) => channels.includes(one));
  const counts = named.map((name) =>
    field({ name, label: text(name), type: 'number', ...(name === 'online' && { hint: text('online_hint') }) }, state),
  );
  const amounts = named.map((name) =>
    field({ name: `cost_${name}`, label: text('cost').replace('{channel}', text(name).toLowerCase()) }, state),
  );
  return [
    field({ name: 'period', label: text('month'), hint: text('month_hint'), required: true }, state),
    ...counts,
    field({ name: 'assisted_digital', label: text('assisted_digital'), type: 'number' }, state),
    field({ name: 'currency', label: text('currency'), value: costs.currency }, state),
    ...amounts,
  ].join('\n');
}

// What is recorded of the chosen month, as the form takes it: saving it replaces all of the month's numbers.
function valuesOf(period: string, month: ChannelMonth | undefined): Record<string, string> {
  const { currency, ...costs }: Partial<ChannelCosts> = month?.costs ?? {};
  const named = [
    ['period', period],
    ...[...CHANNELS, 'assisted_digital' as const].map((name) => [name, month?.[name]]),
    ['currency', currency],
    ...Object.entries(costs).map(([name, cost]) => [`cost_${name}`, cost]),
  ];
  return Object.fromEntries(
    named.flatMap(([name, value]) => (value === undefined || value === null ? [] : [[name, String(value)]])),
  );
}

// An empty field is not known. What is no number stays a text, so that the call names the fault.
function countsOf(values: Record<string, string>): Record<string, unknown> {
  const number = (name: string) => {
    const written = (values[name] ?? '').trim().replace(/^(\d+),(\d+)$/, '$1.$2');
    if (written === '') return undefined;
    return Number.isNaN(Number(written)) ? written : Number(written);
  };
  const costs = Object.fromEntries(
    CHANNELS.map((name) => [name, number(`cost_${name}`)] as const).filter(([, cost]) => cost !== undefined),
  );
  return {
    ...Object.fromEntries([...CHANNELS, 'assisted_digital'].map((name) => [name, number(name)])),
    ...(Object.keys(costs).length > 0 && { costs: { currency: values.currency, ...costs } }),
  };
}

// The fields of costs, and of the mapping, have names of their own: a count has the same name inside the body.
const renamed = (rename: (pointer: string) => string) => (error: unknown) => {
  if (!(error instanceof Problem) || !error.errors) throw error;
  throw invalidRequest(error.errors.map((fault) => ({ ...fault, pointer: rename(fault.pointer) })));
};
const renameCosts = renamed((pointer) => pointer.replace(/^\/costs\/(?!currency)/, '/cost_'));
const renameMapping = renamed((pointer) => pointer.replace(/^\/mapping\/.*/, '/mapping'));

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
