import { escaped } from '../../lib/html.ts';
import type { ImportRun, StoredDifference } from '../../sql/imports/runs.ts';
import { badge, confirmed, cursorOf, dayOf, headed, nextPage, SHEETS, startOfDay, wordsIn } from './admin-parts.ts';
import type { ConsoleContext } from './context.ts';
import { count } from './figures.ts';
import { EMPTY, type FormState, field, form, table, time } from './forms.ts';
import {
  againForm,
  askedOf,
  findingsTable,
  isUnfinished,
  nameOf,
  RUN_WORDS,
  runRows,
  runStatus,
  runsHead,
} from './import-parts.ts';
import type { ConsoleContent } from './shell.ts';
import type { Site } from './site.ts';
import { say } from './words.ts';

/** Documents that are read again: the runs, and what each changes or would change. */
export function mountConsoleImportRuns(site: Site): void {
  site.page('imports/runs', (context) => list(context));
  site.page('imports/runs/:id', (context) => showOne(context));
  site.page('imports/runs/:id/csv', async ({ perform, request }) => {
    request.headers.accept = 'text/csv';
    await perform('listImportDifferences', { params: { id: request.params.id } });
    return undefined;
  });
  site.action(
    'imports/runs',
    async ({ perform, tenant }, values) => {
      const { media_type, from, to } = values;
      const filter = {
        ...(media_type && { media_type }),
        ...(from && { from: startOfDay(from, tenant.timezone) }),
        ...(to && { to: startOfDay(to, tenant.timezone, 1) }),
      };
      const { body } = await perform<ImportRun>('reprocessImports', { body: { ...askedOf(values), filter, dry_run: true } });
      return `/app/imports/runs/${body.id}`;
    },
    list,
  );
  site.action(
    'imports/runs/:id/apply',
    async (context) => {
      const { perform } = context;
      const { import_id, filter, policy, mapping, undoes } = await find(context);
      const asked = { ...(policy && { policy }), ...(mapping && { mapping }), dry_run: false };
      const { body } = import_id
        ? await perform<ImportRun>('reprocessImport', { params: { id: import_id }, body: asked })
        : await perform<ImportRun>('reprocessImports', { body: { ...asked, filter, ...(undoes && { undo: undoes }) } });
      return `/app/imports/runs/${body.id}`;
    },
    showOne,
  );
  site.action(
    'imports/runs/:id/undo',
    async ({ perform, request }) => {
      const { body } = await perform<ImportRun>('reprocessImports', { body: { undo: request.params.id, dry_run: true } });
      return `/app/imports/runs/${body.id}`;
    },
    showOne,
  );
}

const find = async ({ perform, request }: ConsoleContext) =>
  (await perform<ImportRun>('getImportRun', { params: { id: request.params.id } })).body;

async function list(context: ConsoleContext, state: FormState = EMPTY): Promise<ConsoleContent> {
  const { locale, tenant, perform } = context;
  const text = wordsIn(RUN_WORDS, locale);
  const query = { limit: '50', ...cursorOf(context) };
  const { body } = await perform<{ data: ImportRun[]; next_cursor: string | null }>('listImportRuns', { query });
  const today = dayOf(Date.now(), tenant.timezone);
  const month = dayOf(Date.now() - 30 * 86_400_000, tenant.timezone);
  const fields = [
    field({ name: 'media_type', label: text('media_type'), hint: text('media_type_hint'), value: 'text/csv' }, state),
    field({ name: 'from', label: text('from'), type: 'date', value: month }, state),
    field({ name: 'to', label: text('to'), type: 'date', value: today }, state),
    againForm(locale, { mapping: null, policy: null }, state),
  ];
  return {
    place: 'imports',
    title: text('title'),
    main: `<p><a href="/app/imports">← ${escaped(text('back'))}</a></p><p class="lead">${escaped(text('about'))}</p>
<div id="live"${body.data.some(isUnfinished) ? ' data-unfinished' : ''}>
${table(text('title'), runsHead(locale), runRows(context, body.data), say('none', locale))}</div>
${nextPage(context, body.next_cursor)}
<section class="panel"><h2>${escaped(text('new'))}</h2>
${form('/app/imports/runs', fields.join(''), text('show'), state.faults)}</section>`,
    scripts: ['console-live.js'],
    sheets: SHEETS,
  };
}

async function showOne(context: ConsoleContext, { faults }: FormState = EMPTY): Promise<ConsoleContent> {
  const { locale, tenant, perform } = context;
  const text = wordsIn(RUN_WORDS, locale);
  const run = await find(context);
  const input = { params: { id: run.id }, query: { limit: '50', ...cursorOf(context) } };
  const page = await perform<{ data: StoredDifference[]; next_cursor: string | null }>('listImportDifferences', input);
  const facts: [string, string][] = [
    [say('status', locale), runStatus(run, context)],
    [say('created', locale), time(run.created_at, locale, tenant.timezone)],
    ...(run.import_id
      ? ([[text('document'), `<a href="/app/imports/${run.import_id}"><code>${run.import_id}</code></a>`]] as [
          string,
          string,
        ][])
      : []),
    ...Object.entries(run.filter).map(([name, value]): [string, string] => [name, escaped(String(value))]),
    ...(run.policy ? ([[text('policy'), `<code>${escaped(run.policy)}</code>`]] as [string, string][]) : []),
    ...(['documents', 'rows', 'added', 'changed', 'removed'] as const).map((name): [string, string] => [
      text(name),
      count(run[name], locale),
    ]),
  ];
  const rows = page.body.data.map(({ kind, key, before, after, import_id }) => [
    badge(kind === 'removed' ? 'bad' : kind === 'added' ? 'good' : 'warning', text(`kind_${kind}`)),
    `${escaped(key)}${run.import_id || !import_id ? '' : ` <a href="/app/imports/${import_id}">${escaped(text('document'))}</a>`}`,
    sideOf(before, after),
    sideOf(after, before),
  ]);
  const head = [text('kind'), text('row'), text('before'), text('after')];
  const total = run.added + run.changed + run.removed;
  const isDone = run.status === 'completed';
  const csv = total > 0 ? `<a class="quiet" href="/app/imports/runs/${run.id}/csv" download>${escaped(text('csv'))}</a>` : '';
  const action = `/app/imports/runs/${run.id}/apply`;
  const apply = confirmed({ action, label: text('apply'), about: nameOf(run, locale), question: text('sure') }, locale);
  const next =
    isDone && run.dry_run && total > 0
      ? `<p>${apply}</p>`
      : isDone && !run.dry_run
        ? `<section class="panel"><p class="lead">${escaped(text('undo_about'))}</p>${form(`/app/imports/runs/${run.id}/undo`, '', text('undo'))}</section>`
        : '';
  const whole = [...faults.values()].map((fault) => `<p class="notice" role="alert">${escaped(fault)}</p>`).join('\n');
  const findings = run.findings.length > 0 ? headed(text('findings')) + findingsTable(run.findings, locale) : '';
  return {
    place: 'imports',
    title: nameOf(run, locale),
    main: `${whole}<p><a href="/app/imports/runs">← ${escaped(text('all'))}</a></p>
<div id="live"${isUnfinished(run) ? ' data-unfinished' : ''}>
<dl class="facts">${facts.map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${value}</dd>`).join('')}</dl>
${next}${findings}${headed(text('difference'), csv)}
${table(text('difference'), head, rows, isUnfinished(run) ? '–' : text('nothing'))}</div>
${nextPage(context, page.body.next_cursor)}`,
    scripts: ['console-live.js'],
    sheets: SHEETS,
  };
}

/** One side of a difference: only the members that differ, where both sides are there. */
function sideOf(one: Record<string, unknown> | null, other: Record<string, unknown> | null): string {
  if (!one) return '–';
  const isSame = (name: string) => other && JSON.stringify(one[name]) === JSON.stringify(other[name]);
  const shown = Object.fromEntries(Object.entries(one).filter(([name]) => !isSame(name)));
  return `<code>${escaped(JSON.stringify(shown))}</code>`;
}
