import { escaped } from '../../lib/html.ts';
import { REQUEST_KINDS, type RequestKind } from '../../sql/privacy/privacy-requests.ts';
import { invalidRequest } from '../http/problems.ts';
import { badge, copyable, cursorOf, headed, nextPage, SHEETS, wordsIn } from './admin-parts.ts';
import { certificateTables } from './certificate.ts';
import type { ConsoleContext } from './context.ts';
import { EMPTY, type FormState, field, form, table, time } from './forms.ts';
import type { ConsoleContent } from './shell.ts';
import type { Site } from './site.ts';
import { say } from './words.ts';

const WORDS = {
  title: { en: 'Privacy requests', 'pt-BR': 'Solicitações de privacidade' },
  one: { en: 'Privacy request', 'pt-BR': 'Solicitação de privacidade' },
  about: {
    en: 'What people ask of you about their data (LGPD art. 18). Here a person is named by a pseudonym.',
    'pt-BR': 'O que as pessoas pedem a você sobre os seus dados (LGPD art. 18). Aqui uma pessoa aparece por um pseudônimo.',
  },
  kind: { en: 'Request', 'pt-BR': 'Pedido' },
  access: { en: 'Access: a copy of all that is held', 'pt-BR': 'Acesso: uma cópia de tudo o que há' },
  erasure: { en: 'Erasure, with a certificate', 'pt-BR': 'Eliminação, com certificado' },
  withdrawal: { en: 'Withdrawal of consent', 'pt-BR': 'Revogação do consentimento' },
  restoration: { en: 'Restoration of consent', 'pt-BR': 'Restauração do consentimento' },
  person: { en: 'Person', 'pt-BR': 'Pessoa' },
  subject: { en: 'Identifier of the person', 'pt-BR': 'Identificador da pessoa' },
  subject_hint: {
    en: 'As your events have it in subject. It is forgotten when the request is completed.',
    'pt-BR': 'Como os seus eventos trazem em subject. É esquecido quando o pedido é concluído.',
  },
  reason: { en: 'Reason', 'pt-BR': 'Motivo' },
  reason_hint: {
    en: 'Such as a ticket number. Do not name the person. Optional.',
    'pt-BR': 'Como o número de um chamado. Não cite a pessoa. Opcional.',
  },
  due: { en: 'Due', 'pt-BR': 'Prazo' },
  late: { en: 'Overdue', 'pt-BR': 'Em atraso' },
  queued: { en: 'Waiting', 'pt-BR': 'Aguardando' },
  running: { en: 'Running', 'pt-BR': 'Em andamento' },
  blocked: { en: 'Failed, to be repeated', 'pt-BR': 'Falhou, será repetida' },
  reason_blocked: { en: 'Why it failed', 'pt-BR': 'Por que falhou' },
  completed: { en: 'Completed', 'pt-BR': 'Concluída' },
  superseded: { en: 'Ended by an erasure', 'pt-BR': 'Encerrada por uma eliminação' },
  new: { en: 'New request', 'pt-BR': 'Novo pedido' },
  file_it: { en: 'File the request', 'pt-BR': 'Registrar o pedido' },
  sure: {
    en: 'An erasure removes every event of the person and cannot be undone. Tick this box to ask for it.',
    'pt-BR': 'Uma eliminação remove todos os eventos da pessoa e não pode ser desfeita. Marque esta caixa para pedi-la.',
  },
  ended: { en: 'Completed', 'pt-BR': 'Concluída' },
  bundle: { en: 'Files for the person', 'pt-BR': 'Arquivos para a pessoa' },
  kept: { en: 'They are kept until', 'pt-BR': 'Ficam guardados até' },
  file: { en: 'File', 'pt-BR': 'Arquivo' },
  rows: { en: 'Rows', 'pt-BR': 'Linhas' },
  download: { en: 'Download', 'pt-BR': 'Baixar' },
  certificate: { en: 'Certificate', 'pt-BR': 'Certificado' },
  back: { en: 'All requests', 'pt-BR': 'Todos os pedidos' },
  review: { en: 'Review what only people can judge', 'pt-BR': 'Revisar o que só pessoas podem julgar' },
  in_review: { en: 'In review', 'pt-BR': 'Em revisão' },
} as const;

type Request = {
  id: string;
  kind: RequestKind;
  subject: string;
  reason: string | null;
  status: 'queued' | 'running' | 'blocked' | 'completed' | 'superseded';
  reason_blocked?: string;
  progress: number;
  created_at: Date;
  due_at: Date;
  completed_at: Date | null;
  bundle?: { files: { name: string; rows: number; url: string }[]; expires_at: string };
  certificate?: Record<string, unknown>;
  superseded_by?: string;
  in_review?: number;
};

const UNFINISHED = ['queued', 'running', 'blocked'];
const TONES = { queued: 'plain', running: 'warning', blocked: 'bad', completed: 'good', superseded: 'plain' } as const;

/** Requests of people about their data, with what each led to. */
export function mountConsolePrivacy(site: Site): void {
  const status = ({ status: now, due_at }: Request, locale: ConsoleContext['locale']): string => {
    const isLate = UNFINISHED.includes(now) && due_at.getTime() < Date.now();
    return badge(TONES[now], WORDS[now][locale]) + (isLate ? ` ${badge('bad', WORDS.late[locale])}` : '');
  };

  const show = async (context: ConsoleContext, state: FormState = EMPTY): Promise<ConsoleContent> => {
    const { locale, tenant, perform } = context;
    const text = wordsIn(WORDS, locale);
    const query = { limit: '50', ...cursorOf(context) };
    const { body } = await perform<{ data: Request[]; next_cursor: string | null }>('listPrivacyRequests', { query });
    const at = (moment: Date) => time(moment, locale, tenant.timezone);
    const rows = body.data.map((one) => [
      `<a href="/app/privacy/${one.id}">${escaped(text(one.kind))}</a>`,
      `<code>${escaped(one.subject)}</code>`,
      escaped(one.reason ?? ''),
      status(one, locale),
      at(one.created_at),
      at(one.due_at),
    ]);
    const head = [text('kind'), text('person'), text('reason'), say('status', locale), say('created', locale), text('due')];
    const kinds = REQUEST_KINDS.map((kind) => [kind, text(kind)] as const);
    const isSure = state.values.sure ? ' checked' : '';
    const fault = state.faults.get('sure');
    const fields =
      field({ name: 'kind', label: text('kind'), options: kinds }, state) +
      field({ name: 'subject', label: text('subject'), hint: text('subject_hint'), required: true }, state) +
      field({ name: 'reason', label: text('reason'), hint: text('reason_hint') }, state) +
      `<div class="field"><label class="tick"><input type="checkbox" name="sure" value="1"${isSure}${fault ? ' aria-invalid="true"' : ''}> <span>${escaped(text('sure'))}</span></label></div>`;
    const faults = fault ? new Map([['', fault]]) : state.faults;
    return {
      place: 'privacy',
      title: text('title'),
      main: `<p class="lead">${escaped(text('about'))}</p>
<p><a href="/app/privacy-review">${escaped(text('review'))}</a></p>
<div id="live"${body.data.some((one) => UNFINISHED.includes(one.status)) ? ' data-unfinished' : ''}>
${table(text('title'), head, rows, say('none', locale))}</div>
${nextPage(context, body.next_cursor)}
<section class="panel"><h2>${escaped(text('new'))}</h2>
${form('/app/privacy', fields, text('file_it'), faults)}</section>`,
      scripts: ['console-copy.js', 'console-live.js'],
      sheets: SHEETS,
    };
  };

  const find = async ({ perform, request }: ConsoleContext) =>
    (await perform<Request>('getPrivacyRequest', { params: { id: request.params.id } })).body;

  const showOne = async (context: ConsoleContext): Promise<ConsoleContent> => {
    const { locale, tenant } = context;
    const text = wordsIn(WORDS, locale);
    const one = await find(context);
    const at = (moment: Date | string | null) => time(moment, locale, tenant.timezone);
    const facts = [
      [text('kind'), escaped(text(one.kind))],
      [text('person'), `<code>${escaped(one.subject)}</code>`],
      [text('reason'), escaped(one.reason ?? '–')],
      [say('status', locale), status(one, locale)],
      ...(one.reason_blocked ? [[text('reason_blocked'), escaped(one.reason_blocked)]] : []),
      [say('created', locale), at(one.created_at)],
      [text('due'), at(one.due_at)],
      [text('ended'), at(one.completed_at)],
      ...(one.in_review ? [[text('in_review'), `<a href="/app/privacy-review">${one.in_review}</a>`]] : []),
    ];
    const files = one.bundle?.files.map(({ name, rows, url }) => [
      `<code>${escaped(name)}</code>`,
      rows.toLocaleString(locale),
      `<a class="button" href="${escaped(url)}" download aria-label="${escaped(`${text('download')}: ${name}`)}">${escaped(text('download'))}</a>`,
    ]);
    const head = [text('file'), text('rows'), say('actions', locale)];
    const bundle = files
      ? `${headed(text('bundle'))}${table(text('bundle'), head, files, say('none', locale))}<p class="lead">${escaped(text('kept'))} ${at(one.bundle?.expires_at ?? null)}.</p>`
      : '';
    const link = `<a class="button" href="/app/privacy/${one.id}/certificate" download>${escaped(text('download'))}</a>`;
    const certificate = one.certificate
      ? `${headed(text('certificate'), link)}${certificateTables(one.certificate, locale)}<details><summary>JSON</summary>${copyable('certificate', JSON.stringify(one.certificate, null, 2), locale)}</details>`
      : '';
    return {
      place: 'privacy',
      title: text('one'),
      main: `<p><a href="/app/privacy">← ${escaped(text('back'))}</a></p>
<div id="live"${UNFINISHED.includes(one.status) ? ' data-unfinished' : ''}>
<dl class="facts">${facts.map(([name, value]) => `<dt>${escaped(name as string)}</dt><dd>${value}</dd>`).join('')}</dl>
${bundle}${certificate}</div>`,
      scripts: ['console-copy.js', 'console-live.js'],
      sheets: SHEETS,
    };
  };

  site.page('privacy', (context) => show(context));
  site.page('privacy/:id', showOne);
  site.page('privacy/:id/certificate', async (context) => {
    const { id, certificate } = await find(context);
    if (!certificate) return showOne(context);
    context.response
      .attachment(`certificate-${id}.json`)
      .type('json')
      .send(`${JSON.stringify(certificate, null, 2)}\n`);
    return undefined;
  });
  site.action(
    'privacy',
    async ({ perform, locale }, { kind, subject, reason, sure }) => {
      if (kind === 'erasure' && !sure) throw notSure(WORDS.sure[locale]);
      const { body } = await perform<Request>('createPrivacyRequest', { body: { kind, subject, ...(reason && { reason }) } });
      return `/app/privacy/${body.id}`;
    },
    show,
  );
}

// In the language of the reader already, so it has no code by which it is translated.
const notSure = (detail: string) => invalidRequest([{ pointer: '/sure', code: '', detail }]);
