import { escaped } from '../../lib/html.ts';
import { badge, confirmed, headed, SHEETS, wordsIn } from './admin-parts.ts';
import type { ConsoleContext } from './context.ts';
import { button, table, time } from './forms.ts';
import { describedIn } from './metric-words.ts';
import type { ConsoleContent } from './shell.ts';
import type { Site } from './site.ts';
import { say } from './words.ts';

/** The version of the text below. It changes with every change of what a tenant agrees to. */
const TEXT_VERSION = '2026-11';

const WORDS = {
  title: { en: 'Benchmarks', 'pt-BR': 'Comparativos' },
  consent: { en: 'Taking part', 'pt-BR': 'Participação' },
  text: {
    en: 'Your figures are counted together with those of other organisations. They see rounded quartiles of a cohort, never your figures and never your name. Where a cohort is too small, or one organisation has too much of it, nothing is published. You see where you are in the cohort. You may stop at any time: what is built from then on is built without you, and what was published stays as it is.',
    'pt-BR':
      'Os seus números são contados junto com os de outras organizações. Elas veem quartis arredondados de um grupo, nunca os seus números e nunca o seu nome. Onde um grupo é pequeno demais, ou uma organização pesa demais nele, nada é publicado. Você vê onde está no grupo. Você pode parar quando quiser: o que for feito a partir daí será sem você, e o que já foi publicado fica como está.',
  },
  version: { en: 'Version of this text', 'pt-BR': 'Versão deste texto' },
  yes: { en: 'Takes part', 'pt-BR': 'Participa' },
  no: { en: 'Does not take part', 'pt-BR': 'Não participa' },
  agree: { en: 'Take part', 'pt-BR': 'Participar' },
  agree_again: { en: 'Agree to this version', 'pt-BR': 'Concordar com esta versão' },
  stop: { en: 'Stop taking part', 'pt-BR': 'Deixar de participar' },
  sure: {
    en: 'You are not counted any more in what is built from now on.',
    'pt-BR': 'Você não será mais contado no que for feito a partir de agora.',
  },
  history: { en: 'Decisions', 'pt-BR': 'Decisões' },
  at: { en: 'Time', 'pt-BR': 'Hora' },
  decision: { en: 'Decision', 'pt-BR': 'Decisão' },
  catalogue: { en: 'What is compared', 'pt-BR': 'O que é comparado' },
  metric: { en: 'Measure', 'pt-BR': 'Medida' },
  description: { en: 'Description', 'pt-BR': 'Descrição' },
  unit: { en: 'Unit', 'pt-BR': 'Unidade' },
} as const;

type Decision = { accepted: boolean; text_version: string; at: Date };
type Consent = { accepted: boolean; text_version: string | null; history: Decision[] };
type Benchmark = { name: string; unit: string; description: string };

/** The tenant's consent to be counted in benchmarks, and what is compared. */
export function mountConsoleBenchmarks(site: Site): void {
  const show = async (context: ConsoleContext): Promise<ConsoleContent> => {
    const { locale, tenant, role, perform } = context;
    const text = wordsIn(WORDS, locale);
    const { body: consent } = await perform<Consent>('getBenchmarkConsent');
    const { body: benchmarks } = await perform<{ data: Benchmark[] }>('listBenchmarks');
    const decided = (accepted: boolean) => (accepted ? badge('good', text('yes')) : badge('plain', text('no')));
    const isNewer = consent.accepted && consent.text_version !== TEXT_VERSION;
    const agreeing = (label: string) =>
      button('/app/benchmarks', label, text('title'), { accepted: 'true', text_version: TEXT_VERSION });
    const stopping = confirmed(
      {
        action: '/app/benchmarks',
        label: text('stop'),
        about: text('title'),
        question: text('sure'),
        hidden: { accepted: 'false', text_version: TEXT_VERSION },
      },
      locale,
    );
    const actions = consent.accepted ? (isNewer ? agreeing(text('agree_again')) : '') + stopping : agreeing(text('agree'));
    const history = consent.history.map(({ accepted, text_version, at }) => [
      time(at, locale, tenant.timezone),
      decided(accepted),
      escaped(text_version),
    ]);
    const compared = describedIn(benchmarks.data, locale).map(({ name, unit, description }) => [
      `<code>${escaped(name)}</code>`,
      escaped(description),
      escaped(unit),
    ]);
    return {
      place: 'benchmarks',
      title: text('title'),
      main: `<section class="panel"><h2>${escaped(text('consent'))}</h2>
<p>${decided(consent.accepted)}</p><p>${escaped(text('text'))}</p><p class="hint">${escaped(text('version'))}: ${TEXT_VERSION}</p>
${role === 'admin' ? `<p class="next">${actions}</p>` : ''}</section>
${headed(text('history'))}
${table(text('history'), [text('at'), text('decision'), text('version')], history, say('none', locale))}
${headed(text('catalogue'))}
${table(text('catalogue'), [text('metric'), text('description'), text('unit')], compared, say('none', locale))}`,
      sheets: SHEETS,
    };
  };

  site.page('benchmarks', show);
  site.action(
    'benchmarks',
    async ({ perform }, { accepted, text_version }) => {
      await perform('setBenchmarkConsent', { body: { accepted: accepted === 'true', text_version } });
      return '/app/benchmarks';
    },
    show,
  );
}
