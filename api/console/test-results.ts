import { escaped } from '../../lib/html.ts';
import { cursorOf, nextPage, SHEETS, wordsIn } from './admin-parts.ts';
import { count } from './figures.ts';
import { table } from './forms.ts';
import type { Site } from './site.ts';

const WORDS = {
  title: { en: 'Test results', 'pt-BR': 'Resultados de provas' },
  about: {
    en: 'The best results of all students, in percent of the marks available in each test. Machines send documents to POST /import.',
    'pt-BR':
      'Os melhores resultados de todos os alunos, em porcentagem dos pontos disponíveis em cada prova. As máquinas enviam documentos para POST /import.',
  },
  test: { en: 'Test', 'pt-BR': 'Prova' },
  students: { en: 'Students', 'pt-BR': 'Alunos' },
  mean: { en: 'Mean', 'pt-BR': 'Média' },
  deviation: { en: 'Standard deviation', 'pt-BR': 'Desvio padrão' },
  lowest: { en: 'Lowest', 'pt-BR': 'Menor' },
  quartiles: { en: 'Quartiles', 'pt-BR': 'Quartis' },
  highest: { en: 'Highest', 'pt-BR': 'Maior' },
  policy: { en: 'Best of several scans', 'pt-BR': 'Melhor de várias leituras' },
  'lexicographic.v1': { en: 'The scan with the greatest marks', 'pt-BR': 'A leitura com as maiores notas' },
  'max-each.v1': { en: 'Each mark for itself', 'pt-BR': 'Cada nota por si' },
  none: {
    en: 'No results yet. Send a document with Content-Type text/xml+markr to POST /import.',
    'pt-BR': 'Ainda não há resultados. Envie um documento com Content-Type text/xml+markr para POST /import.',
  },
  chart: { en: 'Show charts', 'pt-BR': 'Ver gráficos' },
  documents: { en: 'Documents and their findings', 'pt-BR': 'Documentos e seus achados' },
} as const;

type Test = {
  test_id: string;
  policy: keyof typeof WORDS;
  count: number;
  mean: number;
  stddev: number;
  min: number;
  p25: number;
  p50: number;
  p75: number;
  max: number;
};

/** Tests and their figures. */
export function mountConsoleTestResults(site: Site): void {
  site.page('test-results', async (context) => {
    const { locale, perform } = context;
    const text = wordsIn(WORDS, locale);
    const { body } = await perform<{ data: Test[]; next_cursor: string | null }>('listTests', {
      query: { limit: '50', ...cursorOf(context) },
    });
    const percent = (value: number) => `${count(value, locale, 1)}%`;
    const rows = body.data.map(({ test_id, policy, count: students, mean, stddev, min, p25, p50, p75, max }) => [
      `<code>${escaped(test_id)}</code>`,
      count(students, locale),
      ...[mean, stddev, min].map(percent),
      [p25, p50, p75].map(percent).join(' · '),
      percent(max),
      escaped(text(policy)),
    ]);
    const head = ['test', 'students', 'mean', 'deviation', 'lowest', 'quartiles', 'highest', 'policy'] as const;
    return {
      place: 'test-results',
      title: text('title'),
      main: `<p class="lead">${escaped(text('about'))}</p>
<p><a href="/app/dashboards/test-results">${escaped(text('chart'))}</a> · <a href="/app/imports?media_type=text/xml%2Bmarkr">${escaped(text('documents'))}</a></p>
${table(text('title'), head.map(text), rows, text('none'))}
${nextPage(context, body.next_cursor)}`,
      sheets: SHEETS,
    };
  });
}
