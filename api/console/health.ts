import { escaped } from '../../lib/html.ts';
import type { AuditRow } from '../../sql/audit/isolation-audits.ts';
import type { Words } from '../dashboards/definition.ts';
import type { ConsoleContext } from './context.ts';
import { badge, count, FIGURES_SHEET, facts, span, type Tone } from './figures.ts';
import { table, time } from './forms.ts';
import type { Site } from './site.ts';
import { say } from './words.ts';

const WORDS = {
  title: { en: 'Health', 'pt-BR': 'Estado' },
  whole: { en: 'Platform', 'pt-BR': 'Plataforma' },
  database: { en: 'Database', 'pt-BR': 'Banco de dados' },
  watermark: { en: 'Figures up to', 'pt-BR': 'Números até' },
  isolation: { en: 'Isolation', 'pt-BR': 'Isolamento' },
  audited: { en: 'audited {age} ago', 'pt-BR': 'auditado há {age}' },
  ok: { en: 'Works', 'pt-BR': 'Funciona' },
  degraded: { en: 'Needs attention', 'pt-BR': 'Requer atenção' },
  unavailable: { en: 'Not available', 'pt-BR': 'Indisponível' },
  failed: { en: 'Audit failed', 'pt-BR': 'Auditoria falhou' },
  stale: { en: 'Audit overdue', 'pt-BR': 'Auditoria atrasada' },
  unknown: { en: 'Not audited yet', 'pt-BR': 'Ainda não auditado' },
  queues: { en: 'Queues', 'pt-BR': 'Filas' },
  queue: { en: 'Queue', 'pt-BR': 'Fila' },
  seen: { en: 'Last job', 'pt-BR': 'Último trabalho' },
  ago: { en: '{age} ago', 'pt-BR': 'há {age}' },
  waiting: { en: 'Waiting', 'pt-BR': 'Em espera' },
  active: { en: 'Running', 'pt-BR': 'Em execução' },
  delayed: { en: 'Delayed', 'pt-BR': 'Adiados' },
  broken: { en: 'Failed', 'pt-BR': 'Com falha' },
  audits: { en: 'Audits of tenant isolation', 'pt-BR': 'Auditorias do isolamento' },
  audits_about: {
    en: 'Every hour the platform attacks itself as each login that can send SQL. Any finding is an incident.',
    'pt-BR': 'A cada hora a plataforma ataca a si mesma com cada login que pode enviar SQL. Qualquer achado é um incidente.',
  },
  at: { en: 'Time', 'pt-BR': 'Horário' },
  attacks: { en: 'Attacks', 'pt-BR': 'Ataques' },
  foreign: { en: 'Successful', 'pt-BR': 'Bem-sucedidos' },
  dead: { en: 'Inconclusive', 'pt-BR': 'Inconclusivos' },
  findings: { en: 'Findings', 'pt-BR': 'Achados' },
  more: { en: 'Over time: dashboard Ingest and queues', 'pt-BR': 'Ao longo do tempo: painel Ingestão e filas' },
} satisfies Record<string, Words>;

type Check = { status: string; at?: string; engine?: string; age_s?: number; heartbeat_age_s?: number | null } & Partial<
  Record<'waiting' | 'active' | 'delayed' | 'failed', number | null>
>;
type Health = { status: string; checks: Record<string, Check> };

const TONES: Record<string, Tone> = { ok: 'good', degraded: 'warning', stale: 'warning', unknown: 'plain' };

/** How the platform is just now, for its operator. */
export function mountConsoleHealth(site: Site): void {
  site.page('health', async (context) => {
    const { perform, locale } = context;
    const [{ body: health }, { body: audits }] = await Promise.all([
      perform<Health>('getReadiness'),
      perform<{ data: AuditRow[] }>('listIsolationAudits', { query: { limit: '24' } }),
    ]);
    const text = (name: keyof typeof WORDS) => WORDS[name][locale];
    return {
      place: 'health',
      title: text('title'),
      sheets: [FIGURES_SHEET],
      main: `${now(context, health)}
<section><h2>${escaped(text('queues'))}</h2>
${queues(context, health)}
<p><a href="/app/dashboards/ingest-and-queues">${escaped(text('more'))}</a></p></section>
<section><h2>${escaped(text('audits'))}</h2><p class="about">${escaped(text('audits_about'))}</p>
${auditTable(context, audits.data)}</section>`,
    };
  });
}

function now({ locale, tenant }: ConsoleContext, { status, checks }: Health): string {
  const text = (name: string) => WORDS[name as keyof typeof WORDS]?.[locale] ?? name;
  const state = (name: string) => badge(text(name), TONES[name] ?? 'bad');
  const { database, watermark, isolation } = checks;
  const age = isolation?.age_s === undefined ? '' : text('audited').replace('{age}', span(isolation.age_s, locale));
  return facts([
    [text('whole'), state(status)],
    [text('database'), `${state(database?.status ?? 'unavailable')} ${escaped(database?.engine ?? '')}`],
    [text('watermark'), time(watermark?.at ?? null, locale, tenant.timezone)],
    [text('isolation'), `${state(isolation?.status ?? 'unknown')} ${escaped(age)}`],
  ]);
}

function queues({ locale }: ConsoleContext, { checks }: Health): string {
  const text = (name: keyof typeof WORDS) => WORDS[name][locale];
  const rows = Object.entries(checks).flatMap(([name, check]) => {
    if (!name.startsWith('queue:')) return [];
    const age = check.heartbeat_age_s;
    const fine = check.status === 'ok';
    return [
      [
        escaped(name.slice('queue:'.length)),
        badge(text(fine ? 'ok' : 'degraded'), fine ? 'good' : 'warning'),
        escaped(age == null ? '–' : text('ago').replace('{age}', span(age, locale))),
        count(check.waiting, locale),
        count(check.active, locale),
        count(check.delayed, locale),
        count(check.failed, locale),
      ],
    ];
  });
  const head = ['queue', 'seen', 'waiting', 'active', 'delayed', 'broken'] as const;
  const [first, ...others] = head.map(text);
  return table(text('queues'), [first as string, say('status', locale), ...others], rows, say('none', locale));
}

function auditTable({ locale, tenant }: ConsoleContext, audits: AuditRow[]): string {
  const text = (name: keyof typeof WORDS) => WORDS[name][locale];
  const rows = audits.map(({ ran_at, attempts, foreign_rows, dead, findings }) => [
    time(ran_at, locale, tenant.timezone),
    count(attempts, locale),
    badge(count(foreign_rows, locale), foreign_rows > 0 ? 'bad' : 'good'),
    dead > 0 ? badge(count(dead, locale), 'warning') : count(dead, locale),
    escaped(findings.map(({ attack, login, what }) => `${attack} (${login}): ${what}`).join('; ') || '–'),
  ]);
  return table(
    text('audits'),
    [text('at'), text('attacks'), text('foreign'), text('dead'), text('findings')],
    rows,
    say('none', locale),
  );
}
