import { escaped } from '../../lib/html.ts';
import type { Comment } from '../../sql/performance/feedback.ts';
import type { Service } from '../../sql/performance/services.ts';
import { confirmed, cursorOf, nextPage, SHEETS, wordsIn } from './admin-parts.ts';
import type { ConsoleContext } from './context.ts';
import { EMPTY, field, table, time } from './forms.ts';
import type { ConsoleContent } from './shell.ts';
import type { Site } from './site.ts';
import { say } from './words.ts';

const WORDS = {
  title: { en: 'Comments', 'pt-BR': 'Comentários' },
  about: {
    en: 'E-mail addresses and long numbers were replaced when a comment was sent. Remove what still identifies somebody: its rating stays.',
    'pt-BR':
      'Endereços de e-mail e números longos foram substituídos no envio. Remova o que ainda identifica alguém: a avaliação permanece.',
  },
  search: { en: 'Search', 'pt-BR': 'Buscar' },
  text: { en: 'Text in the comment', 'pt-BR': 'Texto no comentário' },
  rating: { en: 'Rating', 'pt-BR': 'Avaliação' },
  any: { en: 'Any', 'pt-BR': 'Qualquer' },
  sent: { en: 'Sent', 'pt-BR': 'Enviado' },
  sure: { en: 'The comment cannot be brought back.', 'pt-BR': 'O comentário não pode ser recuperado.' },
} as const;

const SHOWN_CHARACTERS = 40;

/** Comments on a service: search, and removal of what identifies somebody. */
export function mountConsoleComments(site: Site): void {
  const show = async (context: ConsoleContext): Promise<ConsoleContent> => {
    const { locale, tenant, perform, request } = context;
    const text = wordsIn(WORDS, locale);
    const [q, rating] = [request.query.q, request.query.rating].map((value) => (typeof value === 'string' ? value : ''));
    const query = { ...(q && { q }), ...(rating && { rating }), ...cursorOf(context) };
    const { body: service } = await perform<Service>('getService', { params: { slug: request.params.slug } });
    const asked = { params: { slug: service.slug }, query };
    const { body } = await perform<{ data: Comment[]; next_cursor: string | null }>('listComments', asked);
    const rows = body.data.map(({ id, received_at, rating: given, locale: lang, comment }) => [
      time(received_at, locale, tenant.timezone),
      String(given),
      `<span lang="${escaped(lang)}">${escaped(comment)}</span>`,
      confirmed(
        {
          action: `/app/services/${service.slug}/comments/${id}/remove`,
          label: say('remove', locale),
          about: comment.slice(0, SHOWN_CHARACTERS),
          question: text('sure'),
        },
        locale,
      ),
    ]);
    const ratings = [['', text('any')] as const, ...['1', '2', '3', '4', '5'].map((n) => [n, n] as const)];
    const state = { ...EMPTY, values: { q: q ?? '', rating: rating ?? '' } };
    return {
      place: 'services',
      title: `${text('title')}: ${service.name}`,
      main: `<p class="lead">${escaped(text('about'))}</p>
<form method="get" action="/app/services/${service.slug}/comments" class="filter">${field({ name: 'q', label: text('text') }, state)}${field({ name: 'rating', label: text('rating'), options: ratings }, state)}<button type="submit" class="button">${escaped(text('search'))}</button></form>
${table(text('title'), [text('sent'), text('rating'), text('title'), say('actions', locale)], rows, say('none', locale))}${nextPage(context, body.next_cursor)}`,
      sheets: SHEETS,
    };
  };

  site.page('services/:slug/comments', show);
  site.action(
    'services/:slug/comments/:id/remove',
    async ({ perform, request }) => {
      await perform('removeComment', { params: request.params });
      return `/app/services/${request.params.slug}/comments`;
    },
    show,
  );
}
