import type { Request, Response } from 'express';
import { escaped } from '../../lib/html.ts';
import { FORM_LOCALES, type FormLocale } from '../../sql/performance/services.ts';
import type { PublishedReport } from '../../sql/reports/published.ts';
import { MEASURES, type Measure, type MeasureName } from '../../sql/reports/reports.ts';
import type { Assets } from '../pages/assets.ts';
import { setPolicy } from '../pages/html.ts';
import { PAGE_WORDS, type PageText } from './page-words.ts';
import { newestOf, revisionPath } from './public-data.ts';

const NAMES: Record<FormLocale, string> = { en: 'English', cy: 'Cymraeg', 'pt-BR': 'Português' };

/** The language of the page: that of `?lang=`, else the reader's, among the languages of the service. */
export function readerLocale(request: Request, { locales }: PublishedReport): FormLocale {
  const offered = FORM_LOCALES.filter((locale) => locales.includes(locale));
  const asked = offered.find((locale) => locale === request.query.lang);
  const accepted = request.acceptsLanguages(...offered);
  return asked ?? (accepted ? (accepted as FormLocale) : undefined) ?? offered[0] ?? 'en';
}

/** Sets the policy of the page: it loads its own stylesheets, and no script at all. */
export const setReportPolicy = (response: Response): void =>
  setPolicy(response, { assets: undefined as never, locale: 'en', title: '', body: '', kind: 'docs' });

/** The public page of a service: the figures of one revision, how they developed, and how they are computed. */
export function reportPage(assets: Assets, locale: FormLocale, shown: PublishedReport, all: PublishedReport[]): string {
  const words = PAGE_WORDS[locale];
  const newest = newestOf(all);
  const isNewest = newest.some(({ period, revision }) => period === shown.period && revision === shown.revision);
  const path = `/public/performance/${shown.tenant}/${shown.service}`;
  const languages = FORM_LOCALES.filter((one) => shown.locales.includes(one)).map((one) =>
    one === locale
      ? `<li aria-current="true" lang="${one}">${NAMES[one]}</li>`
      : `<li><a href="?lang=${one}" lang="${one}" hreflang="${one}">${NAMES[one]}</a></li>`,
  );
  const older = isNewest ? '' : `<p class="notice">${escaped(words.older)}</p>\n`;
  const body = `<main id="main">
<header>
${languages.length > 1 ? `<ul class="languages">${languages.join('')}</ul>` : ''}
<p class="owner">${escaped(shown.tenant_name)}</p>
<h1>${escaped(shown.service_name)}: ${escaped(words.title.toLowerCase())}</h1>
<p class="lead">${escaped(filled(words.lead, { period: shown.period }))}</p>
<p class="hint"><a href="${revisionPath(shown)}">${escaped(filled(words.revision, { n: shown.revision }))}</a> · ${escaped(words.published)} <time datetime="${shown.published_at.toISOString()}">${escaped(day(shown.published_at, locale))}</time></p>
${older}</header>
<div class="figures">
${MEASURES.map((name) => figure(name, shown.measures[name], words, locale)).join('\n')}
</div>
${missing(shown, words)}${changes(shown, words, locale)}
<section><h2>${escaped(words.time)}</h2>
${developments(newest, words, locale)}
</section>
<section><h2>${escaped(words.method)}</h2>
<dl lang="en">${MEASURES.map((name) => `<dt>${escaped(PAGE_WORDS.en.measures[name])}</dt><dd>${escaped(shown.method.measures[name])}</dd>`).join('')}</dl>
<h3>${escaped(words.assumptions)}</h3><ul class="dots" lang="en">${shown.method.assumptions.map((one) => `<li>${escaped(one)}</li>`).join('')}</ul></section>
<section><h2>${escaped(words.revisions)}</h2><ul class="dots">
${all.map((one) => `<li><a href="${revisionPath(one)}">${escaped(one.period)}, ${escaped(filled(words.revision, { n: one.revision }).toLowerCase())}</a>, ${escaped(day(one.published_at, locale))}</li>`).join('\n')}
</ul></section>
<section><h2>${escaped(words.data)}</h2><ul class="dots"><li><a href="${path}.json">JSON</a></li><li><a href="${path}.csv">CSV</a> (<a href="${path}.csv-metadata.json">CSVW</a>)</li></ul></section>
</main>`;
  return `<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(`${shown.service_name}: ${words.title.toLowerCase()} ${shown.period}`)}</title>
<link rel="icon" href="${assets.url('mark.svg')}">
<link rel="stylesheet" href="${assets.url('style.css')}">
<link rel="stylesheet" href="${assets.url('performance.css')}">
<link rel="alternate" type="application/json" href="${path}.json">
<link rel="alternate" type="text/csv" href="${path}.csv">
</head>
<body class="performance">
${body}
</body>
</html>
`;
}

const filled = (text: string, values: Record<string, string | number>) =>
  text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ''));

const day = (at: Date, locale: string) => at.toLocaleDateString(locale, { dateStyle: 'long', timeZone: 'UTC' });
const number = (value: number, locale: string) => value.toLocaleString(locale, { maximumFractionDigits: 2 });

// A figure as people read it: percent with one digit, or an amount of money.
function written({ value, parameters }: Measure, words: PageText, locale: string): string {
  return value === null ? words.none : amount(value, parameters, locale);
}

function amount(value: number, { unit, currency }: Measure['parameters'], locale: string): string {
  if (unit === 'percent') return `${value.toLocaleString(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 })} %`;
  return value.toLocaleString(locale, { style: 'currency', currency: String(currency ?? 'XXX') });
}

function figure(name: MeasureName, measure: Measure, words: PageText, locale: string): string {
  const { numerator, denominator, provisional, flags, parameters } = measure;
  const notes = flags.flatMap((flag) => words.flags[flag] ?? []);
  const counts =
    name === 'user_satisfaction'
      ? filled(words.responses, { n: number(denominator ?? 0, locale) })
      : numerator === null || denominator === null
        ? ''
        : filled(words.of, { numerator: number(numerator, locale), denominator: number(denominator, locale) });
  return `<section class="figure" aria-labelledby="${name}"><h2 id="${name}">${escaped(words.measures[name])}</h2>
<p class="value">${escaped(written(measure, words, locale))}${provisional ? ` <span class="badge warning">${escaped(words.provisional)}</span>` : ''}</p>
${counts ? `<p class="hint">${escaped(counts)}</p>` : ''}${notes.map((note) => `<p class="hint">${escaped(note)}</p>`).join('')}${name === 'user_satisfaction' ? ratings(parameters, words, locale) : ''}</section>`;
}

function ratings({ ratings: counts }: Measure['parameters'], words: PageText, locale: string): string {
  const given = counts as Record<string, number>;
  const rows = words.ratings
    .map((label, n) => `<tr><th scope="row">${escaped(label)}</th><td>${number(given[n + 1] ?? 0, locale)}</td></tr>`)
    .toReversed();
  return `<table class="ratings"><tbody>${rows.join('')}</tbody></table>`;
}

function missing({ missing: lacking }: PublishedReport, words: PageText): string {
  if (lacking.length === 0) return '';
  const items = lacking.map(
    ({ input, period, reason }) =>
      `<li><span lang="en">${escaped(`${input.replaceAll('_', ' ')}, ${period}: ${reason.replaceAll('-', ' ')}`)}</span></li>`,
  );
  return `<section><h2>${escaped(words.missing)}</h2><p>${escaped(words.missing_lead)}</p><ul class="dots">${items.join('')}</ul></section>\n`;
}

function changes({ changes: found, measures }: PublishedReport, words: PageText, locale: string): string {
  if (found.length === 0) return '';
  const shown = (name: MeasureName, value: number | null) =>
    value === null ? words.none.toLowerCase() : amount(value, measures[name].parameters, locale);
  const items = found.map(({ measure, before, after }) => {
    const became = filled(words.was, { before: shown(measure, before), after: shown(measure, after) });
    return `<li>${escaped(words.measures[measure])}: ${escaped(became)}</li>`;
  });
  return `<section><h2>${escaped(words.changes)}</h2><ul class="dots">${items.join('')}</ul></section>\n`;
}

const MAX_BARS = 24;
const [WIDTH, HEIGHT, GAP] = [640, 120, 4];

// Bars of the months, and of the quarters, each with the table of its figures.
function developments(newest: PublishedReport[], words: PageText, locale: string): string {
  const kinds = [/^\d{4}-\d\d$/, /^\d{4}-Q\d$/, /^\d{4}$/].map((kind) =>
    newest
      .filter(({ period }) => kind.test(period))
      .slice(0, MAX_BARS)
      .toReversed(),
  );
  return kinds
    .filter((reports) => reports.length > 0)
    .map((reports) => {
      const charts = reports.length > 1 ? MEASURES.map((name) => chart(name, reports, words, locale)).join('\n') : '';
      const head = [words.period, ...MEASURES.map((name) => words.measures[name])];
      const rows = reports.toReversed().map((report) => {
        const cells = MEASURES.map((name) => `<td>${escaped(written(report.measures[name], words, locale))}</td>`);
        return `<tr><th scope="row"><a href="${revisionPath(report)}">${escaped(report.period)}</a></th>${cells.join('')}</tr>`;
      });
      return `<div class="charts">${charts}</div>
<div class="scroll" tabindex="0" role="region" aria-label="${escaped(words.time)}: ${escaped(reports[0]?.period ?? '')}–${escaped(reports.at(-1)?.period ?? '')}"><table><thead><tr>${head.map((one) => `<th scope="col">${escaped(one)}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
    })
    .join('\n');
}

function chart(name: MeasureName, reports: PublishedReport[], words: PageText, locale: string): string {
  const values = reports.map(({ measures }) => measures[name].value);
  const most = Math.max(...values.map((value) => value ?? 0), name === 'cost_per_transaction' ? 0 : 100);
  const step = WIDTH / reports.length;
  const bars = reports.map(({ period, measures }, n) => {
    const { value, provisional } = measures[name];
    const height = value === null || most === 0 ? 0 : Math.max(1, Math.round((HEIGHT * Math.max(0, value)) / most));
    const said = escaped(`${period}: ${written(measures[name], words, locale)}`);
    return `<rect x="${(n * step + GAP / 2).toFixed(1)}" y="${HEIGHT - height}" width="${(step - GAP).toFixed(1)}" height="${height}"${provisional ? ' class="open"' : ''}><title>${said}</title></rect>`;
  });
  const label = escaped(`${words.measures[name]}, ${reports[0]?.period}–${reports.at(-1)?.period}`);
  return `<figure><figcaption>${escaped(words.measures[name])}</figcaption><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}" preserveAspectRatio="none">${bars.join('')}</svg><p class="edges"><span>${escaped(reports[0]?.period ?? '')}</span><span>${escaped(reports.at(-1)?.period ?? '')}</span></p></figure>`;
}
