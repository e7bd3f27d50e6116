import { escaped } from '../../lib/html.ts';
import { badge, confirmed, SHEETS, wordsIn } from './admin-parts.ts';
import type { ConsoleContext } from './context.ts';
import { table, time } from './forms.ts';
import type { ConsoleContent } from './shell.ts';
import type { Site } from './site.ts';
import { say } from './words.ts';

const WORDS = {
  title: { en: 'Sessions', 'pt-BR': 'Sessões' },
  about: {
    en: 'The browsers in which you are signed in. End those that you do not know.',
    'pt-BR': 'Os navegadores em que você está conectado. Encerre os que não conhece.',
  },
  agent: { en: 'Browser', 'pt-BR': 'Navegador' },
  address: { en: 'Address', 'pt-BR': 'Endereço' },
  seen: { en: 'Last seen', 'pt-BR': 'Visto por último' },
  began: { en: 'Signed in', 'pt-BR': 'Entrou' },
  current: { en: 'This one', 'pt-BR': 'Esta' },
  end: { en: 'End', 'pt-BR': 'Encerrar' },
  sure: { en: 'That browser has to sign in again.', 'pt-BR': 'Esse navegador terá de entrar de novo.' },
  others: { en: 'End all others', 'pt-BR': 'Encerrar todas as outras' },
} as const;

type Session = {
  id: string;
  address: string | null;
  agent: string;
  created_at: Date;
  seen_at: Date;
  expires_at: Date;
  current: boolean;
};

const list = async ({ perform }: ConsoleContext) => (await perform<{ data: Session[] }>('listSessions')).body.data;

/** The sessions of the person who is signed in. */
export function mountConsoleSessions(site: Site): void {
  const show = async (context: ConsoleContext): Promise<ConsoleContent> => {
    const { locale, tenant } = context;
    const text = wordsIn(WORDS, locale);
    const sessions = await list(context);
    const at = (moment: Date) => time(moment, locale, tenant.timezone);
    const ask = { label: text('end'), question: text('sure') };
    const rows = sessions.map((one) => [
      escaped(browserOf(one.agent)),
      escaped(one.address ?? '–'),
      at(one.seen_at),
      at(one.created_at),
      at(one.expires_at),
      one.current
        ? badge('good', text('current'))
        : confirmed({ ...ask, action: `/app/sessions/${one.id}/end`, about: browserOf(one.agent) }, locale),
    ]);
    const head = [text('agent'), text('address'), text('seen'), text('began'), say('expires', locale), say('actions', locale)];
    const others = { action: '/app/sessions/others/end', label: text('others'), about: text('title'), question: text('sure') };
    return {
      place: 'sessions',
      title: text('title'),
      main: `<p class="lead">${escaped(text('about'))}</p>
${table(text('title'), head, rows, say('none', locale))}
${sessions.length > 1 ? `<p class="next">${confirmed(others, locale)}</p>` : ''}`,
      sheets: SHEETS,
    };
  };

  site.page('sessions', show);
  site.action(
    'sessions/others/end',
    async (context) => {
      for (const { id } of (await list(context)).filter(({ current }) => !current)) {
        await context.perform('endSession', { params: { id } });
      }
      return '/app/sessions';
    },
    show,
  );
  site.action(
    'sessions/:id/end',
    async ({ perform, request }) => {
      await perform('endSession', { params: request.params });
      return '/app/sessions';
    },
    show,
  );
}

// Browsers name themselves at length; people know these names.
function browserOf(agent: string): string {
  const name = [
    ['Edg/', 'Edge'],
    ['OPR/', 'Opera'],
    ['Firefox/', 'Firefox'],
    ['Chrome/', 'Chrome'],
    ['Safari/', 'Safari'],
  ].find(([mark]) => agent.includes(mark as string))?.[1];
  const system = ['Android', 'iPhone', 'iPad', 'Windows', 'Mac OS', 'Linux'].find((one) => agent.includes(one));
  return name ? [name, system].filter(Boolean).join(' · ') : agent.slice(0, 60) || '–';
}
