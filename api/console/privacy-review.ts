import { escaped } from '../../lib/html.ts';
import { badge, confirmed, cursorOf, nextPage, SHEETS, wordsIn } from './admin-parts.ts';
import type { ConsoleContext } from './context.ts';
import { EMPTY, type FormState, time } from './forms.ts';
import type { ConsoleContent } from './shell.ts';
import type { Site } from './site.ts';

const WORDS = {
  title: { en: 'Privacy review', 'pt-BR': 'Revisão de privacidade' },
  about: {
    en: 'Refused input that seems to name a person who asked for access or erasure. No program can be sure whom it is about: read it and decide. Until then it is neither delivered nor removed.',
    'pt-BR':
      'Entradas recusadas que parecem citar uma pessoa que pediu acesso ou eliminação. Nenhum programa pode ter certeza de quem tratam: leia e decida. Até lá, não são entregues nem removidas.',
  },
  empty: { en: 'Nothing waits for a decision.', 'pt-BR': 'Nada aguarda uma decisão.' },
  person: { en: 'Person', 'pt-BR': 'Pessoa' },
  request: { en: 'Request', 'pt-BR': 'Solicitação' },
  raw: { en: 'As it was sent', 'pt-BR': 'Como foi enviado' },
  base64: { en: 'not UTF-8, shown as Base64', 'pt-BR': 'não é UTF-8, mostrado em Base64' },
  cuts: { en: 'Parts that name the person', 'pt-BR': 'Partes que citam a pessoa' },
  inseparable: {
    en: 'What names the person cannot be told apart',
    'pt-BR': 'Não é possível separar o que cita a pessoa',
  },
  keep: { en: 'Keep', 'pt-BR': 'Manter' },
  'cut-out': { en: 'Cut out', 'pt-BR': 'Recortar' },
  destroy: { en: 'Destroy', 'pt-BR': 'Destruir' },
  sure_keep: {
    en: 'Keep all of it: it is not about this person. You will not be asked again.',
    'pt-BR': 'Manter tudo: não é sobre esta pessoa. Você não será perguntado de novo.',
  },
  'sure_cut-out': {
    en: 'Cut out the parts that name the person. This cannot be undone.',
    'pt-BR': 'Recortar as partes que citam a pessoa. Isto não pode ser desfeito.',
  },
  sure_destroy: {
    en: 'Destroy all of it. This cannot be undone.',
    'pt-BR': 'Destruir tudo. Isto não pode ser desfeito.',
  },
  back: { en: 'All requests', 'pt-BR': 'Todos os pedidos' },
} as const;

type Review = {
  id: string;
  request_id: string;
  subject: string;
  received_at: Date;
  code: string;
  type: string | null;
  raw: string | null;
  raw_base64?: string;
  cuts: { from: number; to: number }[];
};

/** Refused input that only people can judge, with the three decisions. */
export function mountConsolePrivacyReview(site: Site): void {
  const show = async (context: ConsoleContext, { faults }: FormState = EMPTY): Promise<ConsoleContent> => {
    const text = wordsIn(WORDS, context.locale);
    const query = { limit: '25', ...cursorOf(context) };
    const { body } = await context.perform<{ data: Review[]; next_cursor: string | null }>('listPrivacyReviews', { query });
    const notes = [...faults.values()].map((fault) => `<p class="notice" role="alert">${escaped(fault)}</p>`);
    const list = `<ul class="refused">\n${body.data.map((one) => item(context, one)).join('\n')}\n</ul>`;
    return {
      place: 'privacy',
      title: text('title'),
      main: `<p><a href="/app/privacy">← ${escaped(text('back'))}</a></p>
<p class="lead">${escaped(text('about'))}</p>
${notes.join('\n')}
${body.data.length === 0 ? `<p class="empty">${escaped(text('empty'))}</p>` : list}
${nextPage(context, body.next_cursor)}`,
      sheets: [...SHEETS, 'console-data.css'],
    };
  };

  site.page('privacy-review', (context) => show(context));
  site.action(
    'privacy-review',
    async ({ perform }, { id, decision }) => {
      await perform('settlePrivacyReview', { params: { id }, body: { decision } });
      return '/app/privacy-review';
    },
    show,
  );
}

function item({ locale, tenant }: ConsoleContext, one: Review): string {
  const text = wordsIn(WORDS, locale);
  const { id, raw, raw_base64 = '', cuts, code } = one;
  const choices = (['keep', 'cut-out', 'destroy'] as const).filter((decision) => decision !== 'cut-out' || cuts.length > 0);
  const acts = choices.map((decision) =>
    confirmed(
      {
        action: '/app/privacy-review',
        id: `${decision}-${id}`,
        label: text(decision),
        about: code,
        question: text(`sure_${decision}`),
        hidden: { id, decision },
      },
      locale,
    ),
  );
  const bytes = raw === null ? undefined : Buffer.from(raw);
  const parts = cuts.map(
    ({ from, to }) => `<li><code>${escaped(bytes?.subarray(from, to).toString() ?? `${from}–${to}`)}</code></li>`,
  );
  return `<li><h2><code>${escaped(code)}</code></h2>
<p class="about">${escaped(text('person'))}: <code>${escaped(one.subject)}</code> · ${time(one.received_at, locale, tenant.timezone)} · <a href="/app/privacy/${one.request_id}">${escaped(text('request'))}</a></p>
${parts.length > 0 ? `<p>${escaped(text('cuts'))}:</p><ul>${parts.join('')}</ul>` : `<p>${badge('warning', text('inseparable'))}</p>`}
<details><summary>${escaped(text('raw'))}${raw === null ? ` (${escaped(text('base64'))})` : ''}</summary><pre tabindex="0">${escaped(raw ?? raw_base64)}</pre></details>
<div class="acts">${acts.join(' ')}</div></li>`;
}
