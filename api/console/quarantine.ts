import { escaped } from '../../lib/html.ts';
import type { Words } from '../dashboards/definition.ts';
import type { ConsoleContext } from './context.ts';
import { EMPTY, type FormState, field, form, time } from './forms.ts';
import type { ConsoleContent } from './shell.ts';
import type { Site } from './site.ts';

const WORDS = {
  title: { en: 'Quarantine', 'pt-BR': 'Quarentena' },
  about: {
    en: 'Input that was refused, kept as it was sent. Mend the cause, then try it again: what is accepted is stored as if it had just been sent.',
    'pt-BR':
      'Entradas recusadas, guardadas como foram enviadas. Corrija a causa e tente de novo: o que for aceito é gravado como se tivesse acabado de chegar.',
  },
  code: { en: 'Code', 'pt-BR': 'Código' },
  type: { en: 'Type', 'pt-BR': 'Tipo' },
  apply: { en: 'Filter', 'pt-BR': 'Filtrar' },
  clear: { en: 'Clear', 'pt-BR': 'Limpar' },
  empty: { en: 'Nothing matches. What is refused appears here.', 'pt-BR': 'Nada encontrado. O que for recusado aparece aqui.' },
  quarantined: { en: 'in quarantine', 'pt-BR': 'em quarentena' },
  conflict: { en: 'conflict', 'pt-BR': 'conflito' },
  rejected: { en: 'rejected', 'pt-BR': 'rejeitado' },
  replayed: { en: 'stored again', 'pt-BR': 'gravado de novo' },
  raw: { en: 'As it was sent', 'pt-BR': 'Como foi enviado' },
  base64: { en: 'not UTF-8, shown as Base64', 'pt-BR': 'não é UTF-8, mostrado em Base64' },
  place: { en: 'Place', 'pt-BR': 'Lugar' },
  try_one: { en: 'Try again', 'pt-BR': 'Tentar de novo' },
  try_all: { en: 'Try all of these again', 'pt-BR': 'Tentar todos estes de novo' },
  trial: { en: 'Trial run: nothing is stored yet', 'pt-BR': 'Simulação: nada foi gravado ainda' },
  done: { en: 'Tried again', 'pt-BR': 'Nova tentativa' },
  nothing: {
    en: 'Nothing would be accepted. Mend the cause first.',
    'pt-BR': 'Nada seria aceito. Corrija a causa primeiro.',
  },
  store: { en: 'Store what is accepted', 'pt-BR': 'Gravar o que é aceito' },
  back: { en: 'Back to the list', 'pt-BR': 'Voltar à lista' },
  accepted: { en: 'Accepted', 'pt-BR': 'Aceitos' },
  duplicates: { en: 'There already', 'pt-BR': 'Já existentes' },
  refused: { en: 'Still refused', 'pt-BR': 'Ainda recusados' },
  older: { en: 'Older', 'pt-BR': 'Mais antigos' },
  newest: { en: 'Newest', 'pt-BR': 'Mais novos' },
} satisfies Record<string, Words>;

const PAGE_ROWS = '25';

type Kept = {
  id: string;
  received_at: Date;
  status: 'quarantined' | 'conflict' | 'rejected';
  code: string;
  detail: string | null;
  pointer: string | null;
  type: string | null;
  raw: string | null;
  raw_base64?: string;
  replayed_at: Date | null;
};

type Outcome = { accepted: number; duplicates: number; conflicts: number; quarantined: number; rejected: number } & {
  items: { code?: string; detail?: string }[];
};

const textIn =
  ({ locale }: ConsoleContext) =>
  (name: keyof typeof WORDS) =>
    escaped(WORDS[name][locale]);

/** What was refused, why, and another try: first without storing anything. */
export function mountConsoleQuarantine(site: Site): void {
  const list = async (context: ConsoleContext): Promise<ConsoleContent> => {
    const { locale, perform, request } = context;
    const text = textIn(context);
    const { code = '', type = '', cursor = '' } = request.query as Record<string, string>;
    const filter = { ...(code && { code }), ...(type && { type }) };
    const { body } = await perform<{ data: Kept[]; next_cursor: string | null }>('listQuarantine', {
      query: { limit: PAGE_ROWS, ...filter, ...(cursor && { cursor }) },
    });
    const state = { ...EMPTY, values: { code, type } };
    const older = body.next_cursor && new URLSearchParams({ ...filter, cursor: body.next_cursor });
    const pages = [
      cursor && `<a href="/app/quarantine?${escaped(String(new URLSearchParams(filter)))}">${text('newest')}</a>`,
      older && `<a href="/app/quarantine?${escaped(String(older))}">${text('older')}</a>`,
    ];
    const all = form('/app/quarantine/trial', hidden(filter), WORDS.try_all[locale]);
    return {
      place: 'quarantine',
      title: WORDS.title[locale],
      sheets: ['console-data.css'],
      main: `<p class="lead">${text('about')}</p>
<form method="get" action="/app/quarantine" class="filters">
${field({ name: 'code', label: WORDS.code[locale] }, state)}
${field({ name: 'type', label: WORDS.type[locale] }, state)}
<div class="acts"><button type="submit" class="button">${text('apply')}</button> <a href="/app/quarantine">${text('clear')}</a></div>
</form>
${body.data.length === 0 ? `<p class="empty">${text('empty')}</p>` : `${all}\n<ul class="refused">\n${body.data.map((row) => item(context, row)).join('\n')}\n</ul>`}
<nav class="pages" aria-label="${text('title')}">${pages.filter(Boolean).join(' ')}</nav>`,
    };
  };

  const outcome = async (context: ConsoleContext, values: Record<string, string>, dryRun: boolean): Promise<ConsoleContent> => {
    const { locale, perform } = context;
    const text = textIn(context);
    const { code, type, id } = values;
    const filter = { ...(code && { code }), ...(type && { type }), ...(id && { ids: [id] }) };
    const { body } = await perform<Outcome>('replayQuarantine', { body: { filter, dry_run: dryRun } });
    const figures = [
      [text('accepted'), body.accepted],
      [text('duplicates'), body.duplicates],
      [text('refused'), body.conflicts + body.quarantined + body.rejected],
    ] as const;
    const reasons = new Map(body.items.flatMap(({ code, detail }) => (code ? [[code, detail ?? '']] : [])));
    const mayStore = body.accepted + body.duplicates > 0;
    const store = mayStore ? form('/app/quarantine/replay', hidden(values), WORDS.store[locale]) : `<p>${text('nothing')}</p>`;
    return {
      place: 'quarantine',
      title: WORDS.title[locale],
      sheets: ['console-data.css'],
      main: `<section class="panel" role="status"><h2>${text(dryRun ? 'trial' : 'done')}</h2>
<dl class="counts">${figures.map(([name, count]) => `<div><dt>${name}</dt><dd>${count}</dd></div>`).join('')}</dl>
${[...reasons].map(([code, detail]) => `<p><code>${escaped(code)}</code> <span lang="en">${escaped(detail)}</span></p>`).join('\n')}
${dryRun ? store : ''}</section>
<p><a href="/app/quarantine">${text('back')}</a></p>`,
    };
  };

  const again = async (context: ConsoleContext, { faults }: FormState): Promise<ConsoleContent> => {
    const content = await list(context);
    const notes = [...faults.values()].map((fault) => `<p class="notice" role="alert">${escaped(fault)}</p>`);
    return { ...content, main: `${notes.join('\n')}\n${content.main}` };
  };

  site.page('quarantine', list);
  site.action('quarantine/trial', (context, values) => outcome(context, values, true), again);
  site.action('quarantine/replay', (context, values) => outcome(context, values, false), again);
}

function item(context: ConsoleContext, row: Kept): string {
  const { locale, tenant } = context;
  const text = textIn(context);
  const { id, received_at, status, code, detail, pointer, type, raw, raw_base64 = '', replayed_at } = row;
  const about = [
    time(received_at, locale, tenant.timezone),
    text(replayed_at ? 'replayed' : status),
    type && escaped(type),
    pointer && `${text('place')}: <code>${escaped(pointer)}</code>`,
  ];
  const retry = replayed_at ? '' : form('/app/quarantine/trial', hidden({ id }), WORDS.try_one[locale]);
  return `<li><h2><code>${escaped(code)}</code></h2>
${detail ? `<p lang="en">${escaped(detail)}</p>` : ''}
<p class="about">${about.filter(Boolean).join(' · ')}</p>
<details><summary>${text('raw')}${raw === null ? ` (${text('base64')})` : ''}</summary><pre tabindex="0">${escaped(raw ?? raw_base64)}</pre></details>
${retry}</li>`;
}

const hidden = (values: Record<string, string>) =>
  Object.entries(values)
    .map(([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`)
    .join('');
