// @ts-check
/** @import { PageAnswer, PageCard } from './types.d.ts' */
/** @import { PageData } from './console-data.js' */
import { draw } from './charts.js';
import { ask, copies, dataOf, find } from './console-data.js';
import { readerOf } from './format.js';
import { tableElement } from './table.js';
import { windowOf } from './times.js';

/** @typedef {{ name: string, unit: string, description: string, dimensions: string[] }} Metric */

const { locale, timezone, texts, metrics } = /** @type {PageData & { metrics: Metric[] }} */ (dataOf('page'));
const asked = new URLSearchParams(location.search);
const metric = metrics.find(({ name }) => name === asked.get('metric')) ?? metrics[0];
const group = asked.get('group_by') || undefined;
const interval = asked.get('interval') || 'day';

/** How values of a unit are written; others are counts. @type {Record<string, string>} */
const FORMATS = { ratio: 'share', ms: 'milliseconds', bytes: 'bytes' };

function pathOf() {
  const { from, to } = windowOf(asked.get('range') || '30d', timezone, Date.now());
  const query = new URLSearchParams({ from, to, interval });
  if (group) query.set('group_by', group);
  const filter = asked.get('filter');
  const values = new Set(asked.getAll('value').flatMap((text) => text.split(',').map((value) => value.trim())));
  if (filter) for (const value of values.size > 0 ? values : ['']) query.append(`filter[${filter}]`, value);
  return `/v1/metrics/${encodeURIComponent(metric.name)}?${query}`;
}
const path = pathOf();

/** @returns {PageCard} */
function cardOf() {
  const isTotal = interval === 'total';
  const columns = [
    ...(isTotal ? [] : [{ name: 'bucket', title: texts.bucket, format: 'time' }]),
    ...(group ? [{ name: group, title: group, format: 'text' }] : []),
    { name: 'value', title: metric.name, format: FORMATS[metric.unit] ?? 'count' },
  ];
  const chart = isTotal
    ? { x: group ?? 'value', y: ['value'] }
    : { x: 'bucket', y: ['value'], ...(group && { series: group }) };
  return {
    name: 'explore',
    title: metric.name,
    display: isTotal ? 'row' : asked.get('chart') || 'line',
    columns,
    chart,
    takes: [],
  };
}

async function show() {
  const card = cardOf();
  const page = { filters: [], chosen: () => [], choose: () => undefined, isCompared: () => false, marks: () => [] };
  const reader = { ...readerOf({ locale, timezone, texts, cards: [card] }), page };
  const choices = () => ({ hidden: new Set(), page: 0, search: '' });
  const plot = find('plot');
  try {
    /** @type {PageAnswer} */
    const answer = await (await ask(path)).json();
    find('figures').replaceChildren(tableElement(card, answer, reader, choices()));
    const isEmpty = answer.data.every(({ value }) => value === null);
    plot.hidden = isEmpty || (interval === 'total' && !group);
    if (isEmpty) fail(texts.empty);
    if (plot.hidden) return;
    const box = document.createElement('div');
    box.className = 'chart';
    plot.append(box);
    await draw(box, card, answer, reader, choices());
  } catch (error) {
    plot.hidden = true;
    fail(`${texts.failed} ${error instanceof Error ? error.message : ''}`);
  } finally {
    plot.setAttribute('aria-busy', 'false');
  }
}

/** @param {string} text */
function fail(text) {
  find('failed').textContent = text;
  find('failed').hidden = false;
}

find('csv').addEventListener('click', async () => {
  try {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(await (await ask(path, 'text/csv')).blob());
    link.download = `${metric.name}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  } catch (error) {
    fail(error instanceof Error ? error.message : texts.failed);
  }
});

const quoted = (/** @type {string} */ text) => `'${text.replaceAll("'", "'\\''")}'`;
copies(find('curl'), () => `curl -H "Authorization: Bearer $MIRANTE_KEY" ${quoted(location.origin + path)}`, texts.copied);

// Each metric has dimensions of its own.
const chosen = /** @type {HTMLSelectElement} */ (find('field-metric'));
chosen.addEventListener('change', () => {
  const now = metrics.find(({ name }) => name === chosen.value);
  find('about').textContent = now?.description ?? '';
  for (const id of ['field-group_by', 'field-filter']) {
    const select = /** @type {HTMLSelectElement} */ (find(id));
    const { value } = select;
    select.replaceChildren(new Option(texts.none, ''), ...(now?.dimensions ?? []).map((dim) => new Option(dim, dim)));
    select.value = now?.dimensions.includes(value) ? value : '';
  }
});

void show();
