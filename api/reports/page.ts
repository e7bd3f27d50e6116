import type { Request, Response } from 'express';
import { escaped } from '../../lib/html.ts';
import { FORM_LOCALES, type FormLocale } from '../../sql/performance/services.ts';
import type { PublishedReport } from '../../sql/reports/published.ts';
import { MEASURES, type Measure, type MeasureName } from '../../sql/reports/reports.ts';
import type { Assets } from '../pages/assets.ts';
import { setPolicy } from '../pages/html.ts';
import { amountText, dayText, filled, missingLines, notesOf, numberText, periodText, valueText } from './figure-text.ts';
import { methodText } from './method-words.ts';
import { PAGE_WORDS, type PageText } from './page-words.ts';
import { newestOf, revisionPath } from './public-data.ts';

const NAMES: Record<FormLocale, string> = { en: 'English', cy: 'Cymraeg', 'pt-BR': 'Português' };

/** The languages that a reader would rather read, best first: that of `?lang=`, then those that the browser names. */
export function readerLocales(request: Request): FormLocale[] {
  const asked = FORM_LOCALES.filter((locale) => locale === request.query.lang);
  let others = FORM_LOCALES.filter((locale) => !asked.includes(locale));
  const ordered: FormLocale[] = [...asked];
  for (let best = request.acceptsLanguages(...others); best; best = others.length > 0 && request.acceptsLanguages(...others)) {
    ordered.push(best as FormLocale);
    others = others.filter((locale) => locale !== best);
  }
  return ordered;
}

/** The language of the page: the reader's best among those of the service. */
function pageLocale(readers: FormLocale[], { locales }: PublishedReport): FormLocale {
  return readers.find((locale) => locales.includes(locale)) ?? FORM_LOCALES.find((one) => locales.includes(one)) ?? 'en';
}

/** Sets the policy of the page: it loads its own stylesheets, and no script at all. */
export const setReportPolicy = (response: Response): void => setPolicy(response, {});

/** The public page of a service: the figures of one revision, how they developed, and how they are computed. */
export function reportPage(assets: Assets, readers: FormLocale[], shown: PublishedReport, all: PublishedReport[]): string {
  const locale = pageLocale(readers, shown);
  const words = PAGE_WORDS[locale];
  const newest = newestOf(all);
  const isNewest = newest.some(({ period, revision }) => period === shown.period && revision === shown.revision);
  const path = `/public/performance/${shown.tenant}/${shown.service}`;
  const languages = FORM_LOCALES.filter((one) => shown.locales.includes(one)).map((one) =>
    one === locale
      ? `<li aria-current="true" lang="${one}">${NAMES[one]}</li>`
      : `<li><a href="?lang=${one}" lang="${one}" hreflang="${one}">${NAMES[one]}</a></li>`,
  );
  const method = methodText(shown.method, locale);
  const lang = method === shown.method && locale !== 'en' ? ' lang="en"' : '';
  const older = isNewest ? '' : `<p class="notice">${escaped(words.older)}</p>\n`;
  const body = `<main id="main">
<header>
${languages.length > 1 ? `<ul class="languages">${languages.join('')}</ul>` : ''}
<p class="owner">${escaped(shown.tenant_name)}</p>
<h1>${escaped(shown.service_name)}: ${escaped(words.title.toLowerCase())}</h1>
<p class="lead">${escaped(filled(words.lead, { period: periodText(shown.period, locale) }))}</p>
<p class="hint"><a href="${revisionPath(shown)}">${escaped(filled(words.revision, { n: shown.revision }))}</a> · ${escaped(words.published)} <time datetime="${shown.published_at.toISOString()}">${escaped(dayText(shown.published_at, locale))}</time></p>
${older}</header>
<div class="figures">
${MEASURES.map((name) => figure(name, shown.measures[name], words, locale)).join('\n')}
</div>
${missing(shown, words, locale)}${changes(shown, words, locale)}
<section><h2>${escaped(words.time)}</h2>
${developments(newest, words, locale)}
</section>
<section><h2>${escaped(words.method)}</h2>
<dl>${MEASURES.map((name) => `<dt>${escaped(words.measures[name])}</dt><dd${lang}>${escaped(method.measures[name])}</dd>`).join('')}</dl>
<h3>${escaped(words.assumptions)}</h3><ul class="dots"${lang}>${method.assumptions.map((one) => `<li>${escaped(one)}</li>`).join('')}</ul></section>
<section><h2>${escaped(words.revisions)}</h2><ul class="dots">
${all.map((one) => `<li><a href="${revisionPath(one)}">${escaped(periodText(one.period, locale))}, ${escaped(filled(words.revision, { n: one.revision }).toLowerCase())}</a>, ${escaped(dayText(one.published_at, locale))}</li>`).join('\n')}
</ul></section>
<section><h2>${escaped(words.data)}</h2><ul class="dots"><li><a href="${path}.json">JSON</a></li><li><a href="${path}.csv">CSV</a> (<a href="${path}.csv-metadata.json">CSVW</a>)</li></ul></section>
</main>`;
  return `<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(`${shown.service_name}: ${words.title.toLowerCase()}, ${periodText(shown.period, locale)}`)}</title>
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

// What was divided by what.
function countsText(
  name: MeasureName,
  { numerator, denominator, parameters }: Pick<Measure, 'numerator' | 'denominator' | 'parameters'>,
  words: PageText,
  locale: FormLocale,
): string {
  const [above, below] = [numberText(numerator ?? 0, locale), numberText(denominator ?? 0, locale)];
  if (name === 'user_satisfaction') return filled(words.responses, { n: below });
  if (name !== 'cost_per_transaction') return filled(words.of, { numerator: above, denominator: below });
  return filled(words.cost_of, { numerator: amountText(numerator ?? 0, parameters, locale), denominator: below });
}

function figure(name: MeasureName, measure: Measure, words: PageText, locale: FormLocale): string {
  const { value, numerator, denominator, provisional, parameters } = measure;
  const counts = countsText(name, { numerator, denominator, parameters }, words, locale);
  const notes = [...(value === null ? [] : [counts]), ...notesOf(measure, locale)];
  return `<section class="figure" aria-labelledby="${name}"><h2 id="${name}">${escaped(words.measures[name])}</h2>
<p class="value">${escaped(valueText(measure, locale))}${provisional ? ` <span class="badge warning">${escaped(words.provisional)}</span>` : ''}</p>
${notes.map((note) => `<p class="hint">${escaped(note)}</p>`).join('')}${name === 'user_satisfaction' && value !== null ? ratings(parameters, words, locale) : ''}</section>`;
}

function ratings({ ratings: counts }: Measure['parameters'], words: PageText, locale: FormLocale): string {
  const given = counts as Record<string, number>;
  const rows = words.ratings
    .map((label, n) => `<tr><th scope="row">${escaped(label)}</th><td>${numberText(given[n + 1] ?? 0, locale)}</td></tr>`)
    .toReversed();
  return `<table class="ratings"><tbody>${rows.join('')}</tbody></table>`;
}

function missing({ missing: lacking }: PublishedReport, words: PageText, locale: FormLocale): string {
  if (lacking.length === 0) return '';
  const items = missingLines(lacking, locale).map((line) => `<li>${escaped(line)}</li>`);
  return `<section><h2>${escaped(words.missing)}</h2><p>${escaped(words.missing_lead)}</p><ul class="dots">${items.join('')}</ul></section>\n`;
}

function changes({ changes: found, measures }: PublishedReport, words: PageText, locale: FormLocale): string {
  const lines = found.flatMap((change) => {
    const value = (one: number | null) =>
      one === null ? words.none.toLowerCase() : amountText(one, measures[change.measure].parameters, locale);
    const parts = (numerator: number | null, denominator: number | null) =>
      countsText(change.measure, { numerator, denominator, parameters: measures[change.measure].parameters }, words, locale);
    const pairs = [
      [value(change.before), value(change.after)],
      [parts(change.numerator_before, change.denominator_before), parts(change.numerator_after, change.denominator_after)],
    ];
    const [before, after] = pairs.find(([before, after]) => before !== after) ?? [];
    const said = before && after ? filled(words.was, { before, after }) : change.provisional ? undefined : words.final;
    return said ? `<li>${escaped(words.measures[change.measure])}: ${escaped(said)}</li>` : [];
  });
  return lines.length === 0
    ? ''
    : `<section><h2>${escaped(words.changes)}</h2><ul class="dots">${lines.join('')}</ul></section>\n`;
}

const MAX_BARS = 24;
const [WIDTH, HEIGHT, GAP] = [640, 120, 4];

// Bars of the months, and of the quarters, each with the table of its figures.
function developments(newest: PublishedReport[], words: PageText, locale: FormLocale): string {
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
        const cells = MEASURES.map((name) => `<td>${escaped(valueText(report.measures[name], locale))}</td>`);
        return `<tr><th scope="row"><a href="${revisionPath(report)}">${escaped(periodText(report.period, locale))}</a></th>${cells.join('')}</tr>`;
      });
      const span = spanOf(reports, locale);
      return `${charts ? `<div class="charts">${charts}</div>\n` : ''}<div class="scroll" tabindex="0" role="region" aria-label="${escaped(span)}"><table><thead><tr>${head.map((one) => `<th scope="col">${escaped(one)}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
    })
    .join('\n');
}

const spanOf = (reports: PublishedReport[], locale: FormLocale) =>
  [reports[0], reports.at(-1)].map((report) => periodText(report?.period ?? '', locale)).join(' – ');

// Nothing where no period has a value: the table says so.
function chart(name: MeasureName, reports: PublishedReport[], words: PageText, locale: FormLocale): string {
  const values = reports.flatMap(({ measures }) => measures[name].value ?? []);
  if (values.length === 0) return '';
  const most = Math.max(...values, name === 'cost_per_transaction' ? 0 : 100);
  const step = WIDTH / reports.length;
  const bars = reports.map(({ period, measures }, n) => {
    const { value, provisional } = measures[name];
    const height = value === null || most === 0 ? 0 : Math.max(1, Math.round((HEIGHT * Math.max(0, value)) / most));
    const said = escaped(`${periodText(period, locale)}: ${valueText(measures[name], locale)}`);
    return `<rect x="${(n * step + GAP / 2).toFixed(1)}" y="${HEIGHT - height}" width="${(step - GAP).toFixed(1)}" height="${height}"${provisional ? ' class="open"' : ''}><title>${said}</title></rect>`;
  });
  const [first, last] = [reports[0], reports.at(-1)].map((report) => periodText(report?.period ?? '', locale, 'short'));
  const parameters = (reports.find(({ measures }) => measures[name].value !== null) as PublishedReport).measures[name]
    .parameters;
  const label = escaped(`${words.measures[name]}, ${spanOf(reports, locale)}`);
  return `<figure><figcaption>${escaped(words.measures[name])}</figcaption><p class="edges"><span>${escaped(amountText(most, parameters, locale))}</span></p><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}" preserveAspectRatio="none">${bars.join('')}</svg><p class="edges"><span>${escaped(first as string)}</span><span>${escaped(last as string)}</span></p></figure>`;
}
