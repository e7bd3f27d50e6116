import type { DeadLetter } from '../../jobs/queues.ts';
import { escaped } from '../../lib/html.ts';
import type { Words } from '../dashboards/definition.ts';
import { count, FIGURES_SHEET } from './figures.ts';
import { table, time } from './forms.ts';
import type { Site } from './site.ts';

const BOARD = '/ops/queues';

const WORDS = {
  title: { en: 'Queues', 'pt-BR': 'Filas' },
  failed: { en: 'Jobs that failed and are not tried again', 'pt-BR': 'Trabalhos que falharam e não serão repetidos' },
  none: { en: 'No job has failed.', 'pt-BR': 'Nenhum trabalho falhou.' },
  queue: { en: 'Queue', 'pt-BR': 'Fila' },
  job: { en: 'Job', 'pt-BR': 'Trabalho' },
  reason: { en: 'Last error', 'pt-BR': 'Último erro' },
  attempts: { en: 'Attempts', 'pt-BR': 'Tentativas' },
  at: { en: 'Failed at', 'pt-BR': 'Falhou em' },
  board: { en: 'All jobs', 'pt-BR': 'Todos os trabalhos' },
  own: { en: 'Open in a window of its own', 'pt-BR': 'Abrir em uma janela própria' },
} satisfies Record<string, Words>;

/** Background jobs: what failed, and the board of all queues, where a job can be started again. */
export function mountConsoleQueues(site: Site): void {
  site.page('queues', async ({ perform, locale, tenant }) => {
    const text = (name: keyof typeof WORDS) => WORDS[name][locale];
    const { body } = await perform<{ data: DeadLetter[] }>('listDeadLetters', { query: { limit: '50' } });
    const rows = body.data.map(({ queue, name, reason, attempts, failed_at }) => [
      escaped(queue),
      escaped(name),
      escaped(reason),
      count(attempts, locale),
      time(failed_at, locale, tenant.timezone),
    ]);
    const head = [text('queue'), text('job'), text('reason'), text('attempts'), text('at')];
    return {
      place: 'queues',
      title: text('title'),
      sheets: [FIGURES_SHEET],
      frames: true,
      main: `<section><h2>${escaped(text('failed'))}</h2>
${table(text('failed'), head, rows, text('none'))}</section>
<section><h2>${escaped(text('board'))}</h2>
<p><a href="${BOARD}" target="_blank" rel="noopener">${escaped(text('own'))}</a></p>
<iframe class="board" src="${BOARD}" title="${escaped(text('board'))}"></iframe></section>`,
    };
  });
}
