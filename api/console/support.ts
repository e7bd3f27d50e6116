import { escaped } from '../../lib/html.ts';
import type { SupportAccess, SupportVisit } from '../../sql/members/support.ts';
import { clearSession } from '../http/session-cookie.ts';
import { badge, confirmed, headed, SHEETS, wordsIn } from './admin-parts.ts';
import type { ConsoleContext } from './context.ts';
import { EMPTY, type FormState, field, form, table, time } from './forms.ts';
import type { ConsoleContent } from './shell.ts';
import type { Site } from './site.ts';
import { say } from './words.ts';

const WORDS = {
  title: { en: 'Support access', 'pt-BR': 'Acesso do suporte' },
  about: {
    en: 'While you allow it, operators of the platform may look at these pages as a viewer does: dashboards, metrics and events. They change nothing. Each visit has a reason, lasts an hour at most, and is in the audit log.',
    'pt-BR':
      'Enquanto você permitir, operadores da plataforma podem ver estas páginas como um leitor: painéis, métricas e eventos. Eles não mudam nada. Cada visita tem um motivo, dura no máximo uma hora e fica no registro de auditoria.',
  },
  off: { en: 'Not allowed', 'pt-BR': 'Não permitido' },
  on: { en: 'Allowed until', 'pt-BR': 'Permitido até' },
  duration: { en: 'For', 'pt-BR': 'Por' },
  hour: { en: 'one hour', 'pt-BR': 'uma hora' },
  day: { en: 'one day', 'pt-BR': 'um dia' },
  week: { en: 'one week', 'pt-BR': 'uma semana' },
  month: { en: '30 days', 'pt-BR': '30 dias' },
  allow: { en: 'Allow support access', 'pt-BR': 'Permitir acesso do suporte' },
  end: { en: 'End it now', 'pt-BR': 'Encerrar agora' },
  sure: {
    en: 'Nobody may visit from now on, and open visits end.',
    'pt-BR': 'Ninguém pode mais visitar, e visitas abertas terminam.',
  },
  visits: { en: 'Visits', 'pt-BR': 'Visitas' },
  operator: { en: 'Operator', 'pt-BR': 'Operador' },
  reason: { en: 'Reason', 'pt-BR': 'Motivo' },
  began: { en: 'Began', 'pt-BR': 'Início' },
  ended: { en: 'End', 'pt-BR': 'Fim' },
  open: { en: 'Open until', 'pt-BR': 'Aberta até' },
  look: { en: 'Look at this tenant', 'pt-BR': 'Ver este cliente' },
  look_about: {
    en: 'You see its dashboards, metrics and events as its viewer does. The tenant sees your address and the reason.',
    'pt-BR': 'Você vê os painéis, métricas e eventos como um leitor do cliente. O cliente vê o seu endereço e o motivo.',
  },
  not_allowed: {
    en: 'This tenant does not allow support access. Its administrator allows it on the page Support access.',
    'pt-BR': 'Este cliente não permite acesso do suporte. O administrador permite na página Acesso do suporte.',
  },
  minutes: { en: 'Minutes', 'pt-BR': 'Minutos' },
  minutes_hint: { en: 'From 1 to 60.', 'pt-BR': 'De 1 a 60.' },
} as const;

const HOURS = { hour: 1, day: 24, week: 7 * 24, month: 30 * 24 } as const;

/** Support access: the tenant's switch, and the operator's way in and out of a visit. */
export function mountConsoleSupport(site: Site): void {
  const show = async (context: ConsoleContext, state: FormState = EMPTY): Promise<ConsoleContent> => {
    const { locale, tenant, perform } = context;
    const text = wordsIn(WORDS, locale);
    const { body } = await perform<SupportAccess>('getSupportAccess');
    const until = body.allowed_until;
    const now = until
      ? `<p>${badge('warning', text('on'))} ${time(until, locale, tenant.timezone)}</p>
<p>${confirmed({ action: '/app/support/end', label: text('end'), about: text('title'), question: text('sure') }, locale)}</p>`
      : `<p>${badge('good', text('off'))}</p>`;
    const lengths = (Object.keys(HOURS) as (keyof typeof HOURS)[]).map((name) => [name, text(name)] as const);
    const fields = field({ name: 'length', label: text('duration'), value: 'day', options: lengths }, state);
    return {
      place: 'support',
      title: text('title'),
      main: `<p class="lead">${escaped(text('about'))}</p>
${now}
<section class="panel">${form('/app/support', fields, text('allow'), state.faults)}</section>
${headed(text('visits'))}
${visitTable(context, body.visits)}`,
      sheets: SHEETS,
    };
  };

  site.page('support', (context) => show(context));
  site.action(
    'support',
    async ({ perform }, { length }) => {
      const hours = HOURS[length as keyof typeof HOURS] ?? HOURS.day;
      const until = new Date(Date.now() + hours * 3_600_000);
      await perform('allowSupportAccess', { body: { allowed_until: until.toISOString() } });
      return '/app/support';
    },
    show,
  );
  site.action(
    'support/end',
    async ({ perform }) => {
      await perform('endSupportAccess');
      return '/app/support';
    },
    show,
  );
  site.action(
    'support/leave',
    async ({ perform, identity, role, request, response }) => {
      const { id, visit } = identity.session;
      if (!visit) return role === 'operator' ? '/app/tenants' : '/app';
      await perform('endSession', { params: { id } });
      clearSession(request, response, 'visit');
      return `/app/tenants/${identity.tenantId}`;
    },
    show,
  );
}

/** The part of an operator's page of a tenant from which a visit begins. */
export async function visitPanel({ perform, locale }: ConsoleContext, id: string, state: FormState): Promise<string> {
  const text = wordsIn(WORDS, locale);
  const { body } = await perform<SupportAccess>('getSupportAccessOfTenant', { params: { id } });
  const fields =
    field({ name: 'reason', label: text('reason'), required: true }, state) +
    field({ name: 'minutes', label: text('minutes'), type: 'number', hint: text('minutes_hint'), value: '30' }, state);
  const inside = body.allowed_until
    ? `<p class="about">${escaped(text('look_about'))}</p>
${form(`/app/tenants/${id}/visit`, fields, text('look'), state.faults)}`
    : `${state.faults.get('') ? `<p class="notice" role="alert">${escaped(state.faults.get('') ?? '')}</p>` : ''}<p class="about">${escaped(text('not_allowed'))}</p>`;
  return `<section class="panel" id="visit"><h2>${escaped(text('look'))}</h2>${inside}</section>\n`;
}

/** Starts a visit to a tenant. Returns the address that opens it. */
export async function startVisit({ perform }: ConsoleContext, id: string, values: Record<string, string>): Promise<string> {
  const body = { reason: values.reason, minutes: Number(values.minutes) };
  const made = await perform<{ login_url: string | null }>('startSupportVisit', { params: { id }, body });
  // A form that was sent twice: its first answer has opened the visit.
  return made.body.login_url ?? '/app';
}

function visitTable({ locale, tenant }: ConsoleContext, visits: SupportVisit[]): string {
  const text = wordsIn(WORDS, locale);
  const at = (moment: Date) => time(moment, locale, tenant.timezone);
  const rows = visits.map(({ operator, reason, created_at, ends_at, ended_at }) => [
    escaped(operator),
    escaped(reason),
    at(created_at),
    !ended_at && new Date(ends_at) > new Date() ? `${badge('warning', text('open'))} ${at(ends_at)}` : at(ended_at ?? ends_at),
  ]);
  const head = [text('operator'), text('reason'), text('began'), text('ended')];
  return table(text('visits'), head, rows, say('none', locale));
}
