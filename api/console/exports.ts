import { escaped } from '../../lib/html.ts';
import { badge, confirmed, cursorOf, dayOf, headed, nextPage, SHEETS, secret, startOfDay, wordsIn } from './admin-parts.ts';
import type { ConsoleContext } from './context.ts';
import { type Export, exportForm, exportOf } from './export-form.ts';
import { button, EMPTY, type FormState, form, table, time } from './forms.ts';
import type { ConsoleContent } from './shell.ts';
import type { Site } from './site.ts';
import { say } from './words.ts';

const WORDS = {
  title: { en: 'Exports', 'pt-BR': 'Exportações' },
  one: { en: 'Export', 'pt-BR': 'Exportação' },
  what: { en: 'What', 'pt-BR': 'O quê' },
  window: { en: 'Window', 'pt-BR': 'Período' },
  format: { en: 'Format', 'pt-BR': 'Formato' },
  events: { en: 'Events', 'pt-BR': 'Eventos' },
  metrics: { en: 'Figures', 'pt-BR': 'Números' },
  queued: { en: 'Waiting', 'pt-BR': 'Aguardando' },
  running: { en: 'Running', 'pt-BR': 'Em andamento' },
  completed: { en: 'Ready', 'pt-BR': 'Pronta' },
  failed: { en: 'Failed', 'pt-BR': 'Falhou' },
  cancelled: { en: 'Cancelled', 'pt-BR': 'Cancelada' },
  deleted: { en: 'Deleted', 'pt-BR': 'Apagada' },
  expired: { en: 'Expired', 'pt-BR': 'Expirada' },
  files: { en: 'Files', 'pt-BR': 'Arquivos' },
  file: { en: 'File', 'pt-BR': 'Arquivo' },
  rows: { en: 'Rows', 'pt-BR': 'Linhas' },
  bytes: { en: 'Bytes', 'pt-BR': 'Bytes' },
  download: { en: 'Download', 'pt-BR': 'Baixar' },
  links_end: { en: 'The links work until', 'pt-BR': 'Os links funcionam até' },
  settled: { en: 'Has all that was received before', 'pt-BR': 'Tem tudo o que foi recebido antes de' },
  kept: { en: 'Files are kept until', 'pt-BR': 'Os arquivos ficam até' },
  details: { en: 'Details and files', 'pt-BR': 'Detalhes e arquivos' },
  cancel: { en: 'Cancel the export', 'pt-BR': 'Cancelar a exportação' },
  delete: { en: 'Delete the files', 'pt-BR': 'Apagar os arquivos' },
  sure_cancel: {
    en: 'The export stops and leaves no files.',
    'pt-BR': 'A exportação para e não deixa arquivos.',
  },
  sure_delete: {
    en: 'The files cannot be downloaded any more. The export stays in the list.',
    'pt-BR': 'Os arquivos não poderão mais ser baixados. A exportação continua na lista.',
  },
  continue: { en: 'Continue from here', 'pt-BR': 'Continuar daqui' },
  continue_about: {
    en: 'Makes another export with what has arrived since, and no row twice.',
    'pt-BR': 'Faz outra exportação com o que chegou desde então, sem repetir linhas.',
  },
  new: { en: 'New export', 'pt-BR': 'Nova exportação' },
  start: { en: 'Start the export', 'pt-BR': 'Iniciar a exportação' },
  secret: {
    en: 'The webhook is signed with this secret. Copy it now: it is not shown again.',
    'pt-BR': 'O webhook é assinado com este segredo. Copie agora: ele não será mostrado de novo.',
  },
  back: { en: 'All exports', 'pt-BR': 'Todas as exportações' },
} as const;

type File = { name: string; rows: number; bytes: number; url?: string };
type WholeExport = Export & { manifest?: { rows: number; settled_at: string; files: File[] }; urls_expire_at?: string };

const UNFINISHED = ['queued', 'running'];
const TONES = { queued: 'plain', running: 'warning', completed: 'good', failed: 'bad' } as const;

/** Exports of the tenant's data: the list, a new one, and the files of each. */
export function mountConsoleExports(site: Site): void {
  const status = ({ status, progress }: Export, { locale }: ConsoleContext): string => {
    const text = WORDS[status as keyof typeof WORDS]?.[locale] ?? status;
    const shown = badge(TONES[status as keyof typeof TONES] ?? 'plain', text);
    if (!UNFINISHED.includes(status)) return shown;
    return `${shown} <progress max="100" value="${progress}" aria-label="${escaped(text)}">${progress} %</progress>`;
  };

  const ending = (one: Export, { locale }: ConsoleContext): string => {
    const isOpen = UNFINISHED.includes(one.status);
    if (!isOpen && one.status !== 'completed') return '';
    const text = wordsIn(WORDS, locale);
    const [label, question] = isOpen ? [text('cancel'), text('sure_cancel')] : [text('delete'), text('sure_delete')];
    return confirmed({ action: `/app/exports/${one.id}/delete`, label, about: what(one, locale), question }, locale);
  };

  const what = ({ dataset, format }: Export, locale: ConsoleContext['locale']) =>
    `${WORDS[dataset as 'events'][locale]} · ${format.toUpperCase()}`;

  const windowOf = ({ from, to }: Export, { locale, tenant }: ConsoleContext) =>
    `${time(from, locale, tenant.timezone)} –<br>${time(to, locale, tenant.timezone)}`;

  const show = async (context: ConsoleContext, state: FormState = EMPTY): Promise<ConsoleContent> => {
    const { locale, tenant, perform } = context;
    const text = wordsIn(WORDS, locale);
    const query = { limit: '50', ...cursorOf(context) };
    const { body } = await perform<{ data: Export[]; next_cursor: string | null }>('listExports', { query });
    const rows = body.data.map((one) => [
      `<a href="/app/exports/${one.id}">${escaped(what(one, locale))}</a>`,
      windowOf(one, context),
      status(one, context),
      time(one.created_at, locale, tenant.timezone),
      ending(one, context),
    ]);
    const head = [text('what'), text('window'), say('status', locale), say('created', locale), say('actions', locale)];
    const now = Date.now();
    const days = { from: dayOf(now - 7 * 86_400_000, tenant.timezone), to: dayOf(now, tenant.timezone) };
    return {
      place: 'exports',
      title: text('title'),
      main: `<div id="live"${body.data.some((one) => UNFINISHED.includes(one.status)) ? ' data-unfinished' : ''}>
${table(text('title'), head, rows, say('none', locale))}</div>
${nextPage(context, body.next_cursor)}
<section class="panel"><h2>${escaped(text('new'))}</h2>
${form('/app/exports', exportForm(locale, days, state), text('start'), state.faults)}</section>`,
      scripts: ['console-live.js'],
      sheets: SHEETS,
    };
  };

  const showOne = async (context: ConsoleContext, id: string, made = ''): Promise<ConsoleContent> => {
    const { locale, tenant, perform } = context;
    const text = wordsIn(WORDS, locale);
    const { body: one } = await perform<WholeExport>('getExport', {
      params: { id },
      query: { urls_expire_in: '3600' },
    });
    const at = (moment: Date | string) => time(moment, locale, tenant.timezone);
    const facts: [string, string][] = [
      [say('status', locale), status(one, context) + (one.error ? `<p class="fault">${escaped(one.error)}</p>` : '')],
      [text('window'), windowOf(one, context)],
      ...Object.entries(one.filter).map(([name, value]): [string, string] => [name, escaped([value].flat().join(', '))]),
      [say('created', locale), at(one.created_at)],
      ...(one.manifest
        ? ([
            [text('rows'), one.manifest.rows.toLocaleString(locale)],
            [text('settled'), at(one.manifest.settled_at)],
          ] as [string, string][])
        : []),
      ...(one.expires_at ? ([[text('kept'), at(one.expires_at)]] as [string, string][]) : []),
    ];
    const files = one.manifest?.files.map(({ name, rows, bytes, url }) => [
      `<code>${escaped(name)}</code>`,
      rows.toLocaleString(locale),
      bytes.toLocaleString(locale),
      url
        ? `<a class="button" href="${escaped(pathOf(url))}" download aria-label="${escaped(`${text('download')}: ${name}`)}">${escaped(text('download'))}</a>`
        : '',
    ]);
    const head = [text('file'), text('rows'), text('bytes'), say('actions', locale)];
    const links = files
      ? `${headed(text('files'))}${table(text('files'), head, files, say('none', locale))}${one.urls_expire_at ? `<p class="lead">${escaped(text('links_end'))} ${at(one.urls_expire_at)}.</p>` : ''}`
      : '';
    const isFollowed = one.status === 'completed' && one.dataset === 'events';
    const follow = isFollowed
      ? `<section class="panel"><p class="lead">${escaped(text('continue_about'))}</p>${button(`/app/exports/${one.id}/continue`, text('continue'), what(one, locale), { format: one.format })}</section>`
      : '';
    return {
      place: 'exports',
      title: `${text('one')}: ${what(one, locale)}`,
      main: `${made}<p><a href="/app/exports">← ${escaped(text('back'))}</a></p>
<div id="live"${UNFINISHED.includes(one.status) ? ' data-unfinished' : ''}>
<dl class="facts">${facts.map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${value}</dd>`).join('')}</dl>
${links}<p>${ending(one, context)}</p>${follow}</div>`,
      scripts: ['console-copy.js', 'console-live.js'],
      sheets: SHEETS,
    };
  };

  site.page('exports', (context) => show(context));
  site.page('exports/:id', (context) => showOne(context, String(context.request.params.id)));
  site.action(
    'exports',
    async (context, values) => {
      const { perform, tenant, locale } = context;
      const day = (name: string, days: number) => ({ [name]: startOfDay(values[name] ?? '', tenant.timezone, days) });
      const window = { ...day('from', 0), ...day('to', 1) };
      const input = { body: { ...exportOf(values), ...window } };
      const { body } = await perform<Export & { webhook_secret?: string | null }>('createExport', input);
      if (body.webhook_secret === undefined) return `/app/exports/${body.id}`;
      return showOne(context, body.id, secret(WORDS.secret[locale], body.webhook_secret, locale));
    },
    show,
  );
  site.action(
    'exports/:id/continue',
    async ({ perform, request }, { format }) => {
      const { body } = await perform<Export>('createExport', { body: { since: request.params.id, format } });
      return `/app/exports/${body.id}`;
    },
    show,
  );
  site.action(
    'exports/:id/delete',
    async ({ perform, request }) => {
      await perform('deleteExport', { params: request.params });
      return '/app/exports';
    },
    show,
  );
}

// The address is signed for its path; the host is the one that the reader is on.
function pathOf(url: string): string {
  const { pathname, search } = new URL(url, 'http://localhost');
  return pathname + search;
}
