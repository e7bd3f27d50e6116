import { escaped } from '../../lib/html.ts';
import type { Words } from '../dashboards/definition.ts';
import { dataIn } from '../pages/html.ts';
import { textsOf } from '../pages/texts.ts';
import { EMPTY, field } from './forms.ts';
import { describedIn } from './metric-words.ts';
import type { Site } from './site.ts';

const WORDS = {
  title: { en: 'Explore', 'pt-BR': 'Explorar' },
  metric: { en: 'Metric', 'pt-BR': 'Métrica' },
  group_by: { en: 'Group by', 'pt-BR': 'Agrupar por' },
  filter: { en: 'Only where', 'pt-BR': 'Somente onde' },
  value: { en: 'is', 'pt-BR': 'é' },
  value_hint: { en: 'Several: with commas between them', 'pt-BR': 'Vários: separados por vírgulas' },
  interval: { en: 'Interval', 'pt-BR': 'Intervalo' },
  range: { en: 'Period', 'pt-BR': 'Período' },
  chart: { en: 'Chart', 'pt-BR': 'Gráfico' },
  none: { en: 'none', 'pt-BR': 'nenhum' },
  show: { en: 'Show', 'pt-BR': 'Mostrar' },
  line: { en: 'Lines', 'pt-BR': 'Linhas' },
  bar: { en: 'Bars', 'pt-BR': 'Barras' },
  area: { en: 'Areas', 'pt-BR': 'Áreas' },
  bucket: { en: 'Time', 'pt-BR': 'Horário' },
  table: { en: 'Figures', 'pt-BR': 'Números' },
  csv: { en: 'Download CSV', 'pt-BR': 'Baixar CSV' },
  curl: { en: 'Copy as curl', 'pt-BR': 'Copiar como curl' },
  copied: { en: 'Copied', 'pt-BR': 'Copiado' },
  failed: { en: 'The metric could not be read.', 'pt-BR': 'Não foi possível ler a métrica.' },
} satisfies Record<string, Words>;

const RANGES = ['24h', '7d', '30d', '90d'] as const;

type Catalogue = { data: { name: string; unit: string; description: string; dimensions: string[]; intervals: string[] }[] };

/** Any metric, grouped and filtered, as a chart, a table, CSV and a call of the API. */
export function mountConsoleExplore(site: Site): void {
  site.page('explore', async ({ locale, tenant, request, perform }) => {
    const { body } = await perform<Catalogue>('listMetrics');
    const asked = Object.fromEntries(Object.entries(request.query).map(([name, value]) => [name, String(value)]));
    const metrics = describedIn(body.data, locale);
    const metric = metrics.find(({ name }) => name === asked.metric) ?? metrics[0];
    const texts = textsOf(locale);
    const words = Object.fromEntries(Object.entries(WORDS).map(([name, one]) => [name, one[locale]]));
    const state = { ...EMPTY, values: { interval: 'day', range: '30d', ...asked } };
    const choice = (name: keyof typeof WORDS, options: (readonly [string, string])[]) =>
      field({ name, label: WORDS[name][locale], options }, state);
    const dims = [['', WORDS.none[locale]], ...(metric?.dimensions ?? []).map((dim) => [dim, dim])] as [string, string][];
    const fields = [
      choice(
        'metric',
        metrics.map(({ name }) => [name, name]),
      ),
      choice('group_by', dims),
      choice('filter', dims),
      field({ name: 'value', label: WORDS.value[locale], hint: WORDS.value_hint[locale] }, state),
      choice(
        'range',
        RANGES.map((range) => [range, texts[`range_${range}`] ?? range]),
      ),
      choice('interval', metric?.intervals.map((one) => [one, texts[`interval_${one}`] ?? one]) ?? []),
      choice(
        'chart',
        (['line', 'area', 'bar'] as const).map((one) => [one, WORDS[one][locale]]),
      ),
    ];
    const text = (name: keyof typeof WORDS) => escaped(WORDS[name][locale]);
    return {
      place: 'explore',
      title: WORDS.title[locale],
      main: `<form method="get" action="/app/explore" class="filters" id="question">
${fields.join('\n')}
<div class="acts"><button type="submit" class="button">${text('show')}</button></div>
</form>
<p class="about" id="about">${escaped(metric?.description ?? '')}</p>
<p class="notice" id="failed" role="alert" hidden></p>
<div class="plot" id="plot" aria-busy="true"></div>
<div class="acts"><button type="button" class="quiet" id="csv">${text('csv')}</button> <button type="button" class="quiet" id="curl">${text('curl')}</button></div>
<h2>${text('table')}</h2>
<div class="figures" id="figures"></div>
${dataIn('page', { locale, timezone: tenant.timezone, texts: { ...texts, ...words }, metrics })}`,
      scripts: ['explore.js'],
      preload: ['charts.js', 'table.js', 'format.js', 'times.js', 'console-data.js'],
      sheets: ['console-data.css'],
    };
  });
}
