import { escaped } from '../../lib/html.ts';
import type { Words } from '../dashboards/definition.ts';
import type { Locale } from '../pages/html.ts';
import { badge, count, FIGURES_SHEET, share, span, type Tone } from './figures.ts';
import { table, time } from './forms.ts';
import type { Site } from './site.ts';
import { say } from './words.ts';

const WORDS = {
  title: { en: 'Objectives', 'pt-BR': 'Objetivos' },
  about: {
    en: 'What the platform promises, measured. The budget is what may still go wrong in the window.',
    'pt-BR': 'O que a plataforma promete, medido. A margem é o que ainda pode dar errado no período.',
  },
  objective: { en: 'Objective', 'pt-BR': 'Objetivo' },
  target: { en: 'Target', 'pt-BR': 'Meta' },
  measured: { en: 'Measured', 'pt-BR': 'Medido' },
  budget: { en: 'Budget left', 'pt-BR': 'Margem restante' },
  at: { en: 'Measured at', 'pt-BR': 'Medido em' },
  window: { en: 'Window', 'pt-BR': 'Período' },
  met: { en: 'Met', 'pt-BR': 'Cumprido' },
  missed: { en: 'Missed', 'pt-BR': 'Descumprido' },
  unknown: { en: 'Unknown', 'pt-BR': 'Desconhecido' },
  fast: { en: 'Burning fast', 'pt-BR': 'Consumo rápido' },
  slow: { en: 'Burning slowly', 'pt-BR': 'Consumo lento' },
  least: { en: 'at least', 'pt-BR': 'pelo menos' },
  most: { en: 'at most', 'pt-BR': 'no máximo' },
  days: { en: 'days', 'pt-BR': 'dias' },
  years: { en: 'years', 'pt-BR': 'anos' },
  more: { en: 'Over time: dashboard Objectives', 'pt-BR': 'Ao longo do tempo: painel de objetivos' },
} satisfies Record<string, Words>;

// The API describes objectives in English.
const IN_PORTUGUESE: Record<string, string> = {
  availability: 'A API responde.',
  'capacity.validations_per_day': 'A plataforma suporta a carga de validações por dia para a qual foi projetada.',
  'dashboards.latency_p95': 'Painéis e cartões carregam em até um segundo.',
  'data.freshness_p95': 'As métricas atrasam menos de cinco minutos.',
  'ingestion.acknowledged_lost': 'Nenhum evento confirmado se perde.',
  'isolation.foreign_rows': 'Nenhum cliente lê uma linha de outro.',
  'privacy.days_left': 'Solicitações de privacidade e remoções terminam muito antes do prazo legal.',
  'recovery.drill_age': 'Uma cópia de segurança é feita e restaurada toda semana.',
  'recovery.drills_failed': 'As cópias de segurança podem ser restauradas.',
  'recovery.restore_time': 'Uma cópia é restaurada em até uma hora.',
  'retention.aggregates': 'Os agregados são guardados por dois anos.',
  'retention.raw': 'Os eventos brutos são guardados por 90 dias.',
  'storage.cost_per_million_events': 'Guardar um milhão de eventos custa menos de US$ 0,10.',
  'viewers.concurrent': 'Cem pessoas podem usar os painéis ao mesmo tempo.',
};

type Objective = {
  name: string;
  description: string;
  indicator: string;
  unit: string;
  target: number;
  comparison: 'at most' | 'at least';
  window: string;
  measured: number | null;
  measured_at: string | null;
  status: 'met' | 'missed' | 'unknown';
  budget_left: number | null;
  alert: 'fast-burn' | 'slow-burn' | null;
};

const TONES: Record<Objective['status'], Tone> = { met: 'good', missed: 'bad', unknown: 'plain' };

/** What the platform promises of itself, and whether it holds. */
export function mountConsoleObjectives(site: Site): void {
  site.page('objectives', async ({ perform, locale, tenant }) => {
    const text = (name: keyof typeof WORDS) => WORDS[name][locale];
    const { body } = await perform<{ data: Objective[] }>('listObjectives');
    const rows = body.data.map((one) => {
      const what = (locale === 'pt-BR' && IN_PORTUGUESE[one.name]) || one.description;
      const alert = one.alert && badge(text(one.alert === 'fast-burn' ? 'fast' : 'slow'), 'bad');
      const comparison = text(one.comparison === 'at least' ? 'least' : 'most');
      return [
        `<strong>${escaped(what)}</strong>${locale === 'en' ? `<small>${escaped(one.indicator)}</small>` : ''}`,
        badge(text(one.status), TONES[one.status]) + (alert ? ` ${alert}` : ''),
        escaped(amount(one.measured, one.unit, locale)),
        escaped(`${comparison} ${amount(one.target, one.unit, locale)}`),
        escaped(share(one.budget_left, locale, 0)),
        escaped(windowOf(one.window, locale)),
        time(one.measured_at, locale, tenant.timezone),
      ];
    });
    const head = [
      text('objective'),
      say('status', locale),
      text('measured'),
      text('target'),
      text('budget'),
      text('window'),
      text('at'),
    ];
    return {
      place: 'objectives',
      title: text('title'),
      sheets: [FIGURES_SHEET],
      main: `<p class="about">${escaped(text('about'))} <a href="/app/dashboards/objectives">${escaped(text('more'))}</a></p>
${table(text('title'), head, rows, say('none', locale))}`,
    };
  });
}

function amount(value: number | null, unit: string, locale: Locale): string {
  if (value === null) return '–';
  if (unit === 'share') return share(value, locale, 3);
  if (unit === 'seconds') return span(value, locale);
  if (unit === 'US$') return `US$ ${count(value, locale, 3)}`;
  return unit === 'days' ? `${count(value, locale, 1)} ${WORDS.days[locale]}` : count(value, locale);
}

// The windows of objectives are days or years.
function windowOf(window: string, locale: Locale): string {
  const [, length, unit] = /^P(\d+)([DY])$/.exec(window) ?? [];
  return length ? `${length} ${(unit === 'D' ? WORDS.days : WORDS.years)[locale]}` : window;
}
