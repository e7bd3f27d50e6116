import { escaped } from '../../lib/html.ts';
import type { Connector } from '../../sql/reports/connectors.ts';
import { badge, confirmed, wordsIn } from './admin-parts.ts';
import { CHANNEL_WORDS as WORDS } from './channel-words.ts';
import type { ConsoleContext } from './context.ts';
import { button, type FormState, field, form, time } from './forms.ts';
import { say } from './words.ts';

const TONES = { waiting: 'plain', fresh: 'good', failing: 'bad' } as const;

/** The connector of a service: how its last attempt ended and, for administrators, the form that sets it. */
export function connectorPart(
  { locale, tenant, role }: ConsoleContext,
  path: string,
  connector: Connector | undefined,
  state: FormState,
): string {
  const text = wordsIn(WORDS, locale);
  const about = text('title_connector');
  const now = connector
    ? `<p>${badge(connector.enabled ? TONES[connector.state] : 'plain', text(connector.enabled ? connector.state : 'off'))} <span lang="en">${escaped(connector.detail ?? '')}</span></p>
<dl class="facts"><dt>${escaped(text('fetched_at'))}</dt><dd>${time(connector.fetched_at, locale, tenant.timezone)}</dd><dt>${escaped(text('fetched_period'))}</dt><dd>${escaped(connector.fetched_period ?? '–')}</dd><dt>${escaped(text('due_at'))}</dt><dd>${time(connector.due_at, locale, tenant.timezone)}</dd></dl>
${role === 'admin' ? `<p class="next">${button(`${path}/connector/run`, text('run'), about)}${confirmed({ action: `${path}/connector/delete`, label: text('delete'), about, question: text('sure') }, locale)}</p>` : ''}`
    : `<p class="empty">${escaped(text('none'))}</p>`;
  if (role !== 'admin') return now;
  const fields = [
    field({ name: 'url', label: text('url'), hint: text('url_hint'), value: connector?.url ?? '', required: true }, state),
    field({ name: 'authorization', label: text('authorization'), hint: text('authorization_hint') }, state),
    field(
      {
        name: 'mapping',
        label: text('mapping'),
        type: 'textarea',
        hint: text('mapping_hint'),
        value: JSON.stringify(connector?.mapping ?? { paper: '/counts/paper' }, null, 2),
      },
      state,
    ),
    field(
      {
        name: 'schedule',
        label: text('schedule'),
        value: connector?.schedule ?? 'daily',
        options: [
          ['daily', text('daily')],
          ['monthly', text('monthly')],
        ],
      },
      state,
    ),
    field(
      { name: 'day', label: text('day'), type: 'number', hint: text('day_hint'), value: String(connector?.day ?? 1) },
      state,
    ),
    field(
      { name: 'first_period', label: text('first_period'), hint: text('first_hint'), value: connector?.first_period ?? '' },
      state,
    ),
    field(
      {
        name: 'enabled',
        label: text('enabled'),
        value: String(connector?.enabled ?? true),
        options: [
          ['true', text('on')],
          ['false', text('off')],
        ],
      },
      state,
    ),
  ];
  return `${now}\n<section class="panel">${form(`${path}/connector`, fields.join('\n'), say('save', locale), state.faults)}</section>`;
}
