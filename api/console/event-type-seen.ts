import { escaped } from '../../lib/html.ts';
import type { SeenField, Violation } from '../event-types/seen.ts';
import { badge, headed, wordsIn } from './admin-parts.ts';
import type { ConsoleContext } from './context.ts';
import { table, time } from './forms.ts';

const WORDS = {
  fields: { en: 'Fields seen in practice', 'pt-BR': 'Campos vistos na prática' },
  fields_about: {
    en: 'In the newest {n} stored events. Values are shown where a field has few, and never of personal fields.',
    'pt-BR': 'Nos {n} eventos guardados mais recentes. Valores aparecem onde um campo tem poucos, e nunca de campos pessoais.',
  },
  pointer: { en: 'Field', 'pt-BR': 'Campo' },
  types: { en: 'Types', 'pt-BR': 'Tipos' },
  share: { en: 'Share of events', 'pt-BR': 'Parcela dos eventos' },
  distinct: { en: 'Distinct values', 'pt-BR': 'Valores distintos' },
  values: { en: 'Values', 'pt-BR': 'Valores' },
  personal: { en: 'personal', 'pt-BR': 'pessoal' },
  no_events: { en: 'No event of this type in the last 30 days.', 'pt-BR': 'Nenhum evento deste tipo nos últimos 30 dias.' },
  violations: { en: 'Recent violations', 'pt-BR': 'Violações recentes' },
  violations_about: {
    en: 'Events that were refused in the last 30 days, and those of the newest {n} stored ones that do not match the schema of today.',
    'pt-BR':
      'Eventos recusados nos últimos 30 dias, e os que, entre os {n} guardados mais recentes, não correspondem ao esquema de hoje.',
  },
  code: { en: 'Reason', 'pt-BR': 'Motivo' },
  place: { en: 'Place', 'pt-BR': 'Lugar' },
  events: { en: 'Events', 'pt-BR': 'Eventos' },
  last: { en: 'Last', 'pt-BR': 'Último' },
  where: { en: 'Kept', 'pt-BR': 'Mantido' },
  refused: { en: 'in quarantine', 'pt-BR': 'em quarentena' },
  stored: { en: 'stored', 'pt-BR': 'guardado' },
  no_violations: { en: 'None.', 'pt-BR': 'Nenhuma.' },
} as const;

type Violations = { refused: Violation[]; checked: number; stored: Violation[] };

/** What the events of a type look like in practice, and what was wrong with those that do not fit. */
export async function seenTables({ perform, locale, tenant }: ConsoleContext, type: string): Promise<string> {
  const text = wordsIn(WORDS, locale);
  const number = (value: number) => value.toLocaleString(locale);
  const [{ body: seen }, { body: wrong }] = await Promise.all([
    perform<{ events: number; data: SeenField[] }>('listEventTypeFields', { params: { type } }),
    perform<Violations>('listEventTypeViolations', { params: { type } }),
  ]);
  const fields = seen.data.map(({ pointer, types, share, distinct, personal, values }) => [
    `<code>${escaped(pointer)}</code>`,
    escaped(types.join(', ')),
    share.toLocaleString(locale, { style: 'percent', maximumFractionDigits: 1 }),
    number(distinct),
    personal
      ? badge('warning', text('personal'))
      : values === null
        ? '–'
        : values.map((value) => `<code>${escaped(String(value))}</code>`).join(', '),
  ]);
  const row =
    (kept: 'refused' | 'stored') =>
    ({ code, pointer, events, last_at }: Violation) => [
      kept === 'refused'
        ? `<a href="/app/quarantine?${escaped(String(new URLSearchParams({ type, code })))}"><code>${escaped(code)}</code></a>`
        : `<code>${escaped(code)}</code>`,
      pointer === null ? '–' : `<code>${escaped(pointer)}</code>`,
      escaped(text(kept)),
      number(events),
      time(last_at, locale, tenant.timezone),
    ];
  const violations = [...wrong.refused.map(row('refused')), ...wrong.stored.map(row('stored'))];
  const about = (name: 'fields_about' | 'violations_about', count: number) =>
    `<p class="about">${escaped(text(name).replace('{n}', number(count)))}</p>`;
  const fieldHead = [text('pointer'), text('types'), text('share'), text('distinct'), text('values')];
  const violationHead = [text('code'), text('place'), text('where'), text('events'), text('last')];
  return `${headed(text('fields'))}
${seen.events > 0 ? about('fields_about', seen.events) : ''}
${table(text('fields'), fieldHead, fields, text('no_events'))}
${headed(text('violations'))}
${about('violations_about', wrong.checked)}
${table(text('violations'), violationHead, violations, text('no_violations'))}`;
}
