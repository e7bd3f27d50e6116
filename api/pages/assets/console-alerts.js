// @ts-check
import { themeNow } from './theme.js';

const DAY_MS = 86_400_000;
const PAUSE_MS = 300;
const HALF_A_DAY = 43_200;

/** @param {string} id */
const find = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
/** @param {string} name */
const typed = (name) => /** @type {HTMLInputElement} */ (find(`field-${name}`)).value;

/** @type {Record<string, string>} */
const texts = JSON.parse(find('alert').textContent ?? '{}');
const said = find('preview-said');
const box = find('preview');
const { lang } = document.documentElement;
const library = import(new URL('./echarts.js', import.meta.url).href);

/** @type {import('./types.d.ts').Row[]} */
let points = [];
let width = 'day';
let absence = 'nothing';
let asked = 0;

/** Asks for the figures that the fields name. An answer that comes after a newer question counts for nothing. */
async function ask() {
  const own = ++asked;
  width = Number(typed('window_seconds')) <= HALF_A_DAY ? 'hour' : 'day';
  const to = new Date(Math.ceil(Date.now() / 3_600_000) * 3_600_000);
  const query = new URLSearchParams({ interval: width });
  if (width === 'hour') {
    query.set('from', new Date(to.getTime() - 30 * DAY_MS).toISOString());
    query.set('to', to.toISOString());
  }
  for (const line of typed('filter').split('\n')) {
    const [name = '', ...value] = line.split('=');
    if (name.trim()) query.set(`filter[${name.trim()}]`, value.join('=').trim());
  }
  const answer = await fetch(`/v1/metrics/${encodeURIComponent(typed('metric'))}?${query}`).catch(() => undefined);
  if (own !== asked) return;
  const data = answer?.ok ? (await answer.json()).data : undefined;
  // Figures by group have no one line.
  points = data?.every((/** @type {object} */ row) => Object.keys(row).length === 2) ? data : [];
  absence = data && points.length === data.length ? 'nothing' : 'cannot';
  await draw();
}

async function draw() {
  find('preview-box').hidden = false;
  const threshold = Number(typed('threshold').trim().replace(',', '.') || Number.NaN);
  const values = points.map(({ value }) => (value === null || value === undefined ? null : Number(value)));
  const known = values.filter((value) => value !== null);
  const isEmpty = known.length === 0;
  box.hidden = isEmpty;
  if (isEmpty) {
    said.textContent = texts[absence];
    return;
  }
  const isAbove = typed('condition') === 'above';
  const crossed = known.filter((value) => (isAbove ? value > threshold : value < threshold)).length;
  said.textContent = Number.isNaN(threshold)
    ? ''
    : texts[`crossed_${width}`].replace('{n}', crossed.toLocaleString(lang)).replace('{of}', known.length.toLocaleString(lang));
  box.setAttribute('role', 'img');
  box.setAttribute('aria-label', `${texts.chart}. ${said.textContent}`);
  const echarts = await library;
  const chart = echarts.getInstanceByDom(box) ?? echarts.init(box, null, { renderer: 'svg' });
  chart.resize();
  chart.setOption(optionOf(values, threshold), { notMerge: true });
}

/**
 * @param {(number | null)[]} values
 * @param {number} threshold
 */
function optionOf(values, threshold) {
  const theme = themeNow();
  /** @type {Intl.DateTimeFormatOptions} */
  const style = width === 'hour' ? { dateStyle: 'short', timeStyle: 'short' } : { dateStyle: 'short' };
  const dates = new Intl.DateTimeFormat(lang, style);
  const label = { color: theme.muted, fontSize: 12 };
  const brief = new Intl.NumberFormat(lang, { notation: 'compact', maximumSignificantDigits: 3 });
  const write = (/** @type {number} */ value) => brief.format(value);
  return {
    animation: false,
    aria: { enabled: false },
    textStyle: { fontFamily: theme.font, color: theme.muted },
    grid: { top: 16, left: 0, right: 12, bottom: 4, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    xAxis: {
      type: 'category',
      data: points.map(({ bucket }) => dates.format(new Date(String(bucket)))),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: theme.line } },
      axisLabel: { ...label, hideOverlap: true },
    },
    yAxis: {
      type: 'value',
      axisLabel: { ...label, formatter: write },
      splitLine: { lineStyle: { color: theme.line } },
      ...(!Number.isNaN(threshold) && {
        max: (/** @type {{ max: number }} */ { max }) => (threshold > max ? threshold * 1.1 : null),
        min: (/** @type {{ min: number }} */ { min }) => Math.min(0, min, threshold),
      }),
    },
    series: [
      {
        type: 'line',
        data: values,
        // A value between two gaps has no line to be seen by.
        symbol: 'circle',
        showAllSymbol: true,
        symbolSize: (/** @type {number} */ _, /** @type {{ dataIndex: number }} */ { dataIndex: at }) =>
          (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null ? 5 : 0,
        color: theme.colours[0],
        lineStyle: { width: 1.5 },
        ...(!Number.isNaN(threshold) && {
          markLine: {
            silent: true,
            symbol: 'none',
            precision: 10,
            lineStyle: { color: theme.bad, type: 'dashed', width: 1.5 },
            label: { formatter: texts.limit, position: 'insideEndTop', color: theme.text },
            data: [{ yAxis: threshold }],
          },
        }),
      },
    ],
  };
}

/** @param {() => Promise<void>} work */
function afterPause(work) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let pause;
  return () => {
    clearTimeout(pause);
    pause = setTimeout(work, PAUSE_MS);
  };
}

const [askLater, drawLater] = [afterPause(ask), afterPause(draw)];
for (const name of ['metric', 'window_seconds', 'filter']) find(`field-${name}`).addEventListener('input', askLater);
for (const name of ['threshold', 'condition']) find(`field-${name}`).addEventListener('input', drawLater);
window.addEventListener('resize', drawLater);
window.addEventListener('themechange', drawLater);
void ask();
