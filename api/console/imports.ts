import { escaped } from '../../lib/html.ts';
import { IMPORT_STATUSES, type ImportEntry } from '../../sql/imports/imports.ts';
import type { ImportRun } from '../../sql/imports/runs.ts';
import { badge, copyable, cursorOf, headed, nextPage, SHEETS, wordsIn } from './admin-parts.ts';
import type { ConsoleContext } from './context.ts';
import { count, size, span } from './figures.ts';
import { EMPTY, type FormState, field, form, table, time } from './forms.ts';
import { againForm, askedOf, findingsTable, runRows, runsHead } from './import-parts.ts';
import type { ConsoleContent } from './shell.ts';
import type { Site } from './site.ts';
import { say } from './words.ts';

const WORDS = {
  title: { en: 'Imports', 'pt-BR': 'Importações' },
  about: {
    en: 'Documents as they came, encrypted, and the rows that were made of them. When a rule changes, they can be read again.',
    'pt-BR':
      'Documentos como chegaram, criptografados, e as linhas que vieram deles. Quando uma regra muda, podem ser lidos de novo.',
  },
  one: { en: 'Document', 'pt-BR': 'Documento' },
  source: { en: 'Source', 'pt-BR': 'Origem' },
  received: { en: 'Received', 'pt-BR': 'Recebido' },
  media_type: { en: 'Media type', 'pt-BR': 'Tipo de mídia' },
  size: { en: 'Size', 'pt-BR': 'Tamanho' },
  rows: { en: 'Rows', 'pt-BR': 'Linhas' },
  findings: { en: 'Findings', 'pt-BR': 'Achados' },
  stored: { en: 'Kept', 'pt-BR': 'Guardado' },
  running: { en: 'Being read', 'pt-BR': 'Em leitura' },
  imported: { en: 'Imported', 'pt-BR': 'Importado' },
  rejected: { en: 'Refused', 'pt-BR': 'Recusado' },
  any: { en: 'All', 'pt-BR': 'Todas' },
  apply: { en: 'Filter', 'pt-BR': 'Filtrar' },
  clear: { en: 'Clear', 'pt-BR': 'Limpar' },
  of_event: { en: 'Documents that gave the event', 'pt-BR': 'Documentos de que veio o evento' },
  empty: { en: 'No documents match. What is sent appears here.', 'pt-BR': 'Nenhum documento. O que for enviado aparece aqui.' },
  send: { en: 'Send a document', 'pt-BR': 'Enviar um documento' },
  send_about: {
    en: 'With a key that has the scope ingest. docs/imports.md has the media types that are read, and how a mapping names the columns.',
    'pt-BR':
      'Com uma chave que tenha o escopo ingest. docs/imports.md traz os tipos de mídia que são lidos e como um mapeamento nomeia as colunas.',
  },
  runs: { en: 'Read again', 'pt-BR': 'Lidos de novo' },
  importer: { en: 'Importer', 'pt-BR': 'Importador' },
  version: { en: 'Version', 'pt-BR': 'Versão' },
  policy: { en: 'Policy', 'pt-BR': 'Política' },
  mapping: { en: 'Mapping', 'pt-BR': 'Mapeamento' },
  outcome: { en: 'Outcome of the rows', 'pt-BR': 'Resultado das linhas' },
  duration: { en: 'Duration', 'pt-BR': 'Duração' },
  digest: { en: 'SHA-256', 'pt-BR': 'SHA-256' },
  destroyed: { en: 'Body destroyed', 'pt-BR': 'Conteúdo destruído' },
  rewrites: { en: 'Changes of the body', 'pt-BR': 'Mudanças do conteúdo' },
  records: { en: 'Records removed', 'pt-BR': 'Registros removidos' },
  erasure: { en: 'Erasure', 'pt-BR': 'Eliminação' },
  retention: { en: 'Retention', 'pt-BR': 'Retenção' },
  lineage: { en: 'Lineage', 'pt-BR': 'Linhagem' },
  events: { en: 'Events that it gave', 'pt-BR': 'Eventos que vieram dele' },
  reads: { en: 'How it was read', 'pt-BR': 'Como foi lido' },
  arrival: { en: 'on arrival', 'pt-BR': 'na chegada' },
  when: { en: 'When', 'pt-BR': 'Quando' },
  by: { en: 'By', 'pt-BR': 'Por' },
  run: { en: 'run', 'pt-BR': 'reprocessamento' },
  download: { en: 'Download as it came', 'pt-BR': 'Baixar como chegou' },
  audited: { en: 'The audit log keeps who did.', 'pt-BR': 'O registro de auditoria guarda quem baixou.' },
  again: { en: 'Read it again', 'pt-BR': 'Ler de novo' },
  back: { en: 'All documents', 'pt-BR': 'Todos os documentos' },
} as const;

type Version = Pick<ImportEntry, 'version' | 'importer' | 'importer_version' | 'policy'> & {
  run_id: string | null;
  applied_at: Date;
};
type Page = { data: ImportEntry[]; next_cursor: string | null };

const FILTERS = ['status', 'media_type', 'event', 'event_source'] as const;
const TONES = { stored: 'plain', running: 'warning', imported: 'good', rejected: 'bad' } as const;

// A document that no importer reads has ended, too.
const isUnfinished = ({ status, findings }: ImportEntry) =>
  status === 'running' || (status === 'stored' && !findings.some(({ code }) => code === 'no-importer'));

/** Documents of the vault: the list, and one with its findings, its lineage and how it was read. */
export function mountConsoleImports(site: Site): void {
  site.page('imports', (context) => list(context));
  site.page('imports/:id', (context) => showOne(context));
  site.action(
    'imports/:id/reprocess',
    async ({ perform, request }, values) => {
      const body = { ...askedOf(values), dry_run: true };
      const run = await perform<ImportRun>('reprocessImport', { params: { id: request.params.id }, body });
      return `/app/imports/runs/${run.body.id}`;
    },
    showOne,
  );
}

async function list(context: ConsoleContext): Promise<ConsoleContent> {
  const { locale, tenant, perform, request } = context;
  const text = wordsIn(WORDS, locale);
  const values = Object.fromEntries(
    FILTERS.flatMap((name) => (typeof request.query[name] === 'string' ? [[name, request.query[name]]] : [])),
  ) as Record<string, string>;
  const asked = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));
  const { body } = await perform<Page>('listImports', { query: { limit: '50', ...cursorOf(context), ...asked } });
  const rows = body.data.map((one) => [
    `<a href="/app/imports/${one.id}">${escaped(one.source)}</a>`,
    time(one.received_at, locale, tenant.timezone),
    `<code>${escaped(one.media_type)}</code>`,
    size(one.bytes, locale),
    status(one, context),
    count(one.rows, locale),
    one.findings.length === 0 ? '–' : count(one.findings.length, locale),
  ]);
  const names = ['source', 'received', 'media_type', 'size'] as const;
  const head = [...names.map(text), say('status', locale), text('rows'), text('findings')];
  const state = { ...EMPTY, values };
  const statuses = [['', text('any')] as const, ...IMPORT_STATUSES.map((one) => [one, text(one)] as const)];
  const ofEvent = values.event ? `<p class="lead">${escaped(text('of_event'))} <code>${escaped(values.event)}</code></p>` : '';
  const command = `curl -H "Authorization: Bearer $INGEST_KEY" -H 'Content-Type: text/csv' --data-binary @file.csv ${request.protocol}://${request.get('host')}/v1/imports`;
  return {
    place: 'imports',
    title: text('title'),
    main: `<p class="lead">${escaped(text('about'))}</p>
<p><a href="/app/imports/runs">${escaped(text('runs'))}</a></p>
<form method="get" action="/app/imports" class="filters">
${field({ name: 'status', label: say('status', locale), options: statuses }, state)}
${field({ name: 'media_type', label: text('media_type') }, state)}
<div class="acts"><button type="submit" class="button">${escaped(text('apply'))}</button> <a href="/app/imports">${escaped(text('clear'))}</a></div>
</form>
${ofEvent}<div id="live"${body.data.some(isUnfinished) ? ' data-unfinished' : ''}>
${table(text('title'), head, rows, text('empty'))}</div>
${nextPage(context, body.next_cursor)}
<section class="panel"><h2>${escaped(text('send'))}</h2><p class="lead">${escaped(text('send_about'))}</p>${copyable('command', command, locale)}</section>`,
    scripts: ['console-copy.js', 'console-live.js'],
    sheets: ['console-data.css', ...SHEETS],
  };
}

function status(one: ImportEntry, { locale }: ConsoleContext): string {
  const text = WORDS[one.status][locale];
  const shown = badge(TONES[one.status], text);
  if (one.status !== 'running') return shown;
  return `${shown} <progress max="100" value="${one.progress}" aria-label="${escaped(text)}">${one.progress} %</progress>`;
}

async function showOne(context: ConsoleContext, state: FormState = EMPTY): Promise<ConsoleContent> {
  const { locale, tenant, perform, request } = context;
  const text = wordsIn(WORDS, locale);
  const { id } = request.params;
  const { body: one } = await perform<ImportEntry & { versions: Version[] }>('getImport', { params: { id } });
  const runs = await perform<{ data: ImportRun[] }>('listImportRuns', { query: { import: id, limit: '20' } });
  const at = (moment: Date | string | null) => time(moment, locale, tenant.timezone);
  const counts = Object.entries(one.counts).map(([name, n]) => `<code>${escaped(name)}</code> ${count(n, locale)}`);
  const facts: [string, string][] = [
    [say('status', locale), status(one, context)],
    [text('source'), escaped(one.source)],
    [text('received'), at(one.received_at)],
    [text('media_type'), `<code>${escaped(one.media_type)}</code>`],
    [text('size'), size(one.bytes, locale)],
    [text('digest'), `<code>${one.sha256}</code>`],
    [text('importer'), one.importer ? `${escaped(one.importer)} ${one.importer_version}` : '–'],
    ...(one.policy ? ([[text('policy'), `<code>${escaped(one.policy)}</code>`]] as [string, string][]) : []),
    [text('rows'), count(one.rows, locale)],
    [text('outcome'), counts.join(' · ') || '–'],
    [text('duration'), span(one.duration_ms === null ? null : one.duration_ms / 1000, locale)],
    ...(one.destroyed_at ? ([[text('destroyed'), at(one.destroyed_at)]] as [string, string][]) : []),
  ];
  const reads = one.versions.map(({ version, importer, importer_version, run_id, applied_at }) => [
    count(version, locale),
    importer ? `${escaped(importer)} ${importer_version}` : '–',
    run_id ? `<a href="/app/imports/runs/${run_id}">${escaped(text('run'))}</a>` : escaped(text('arrival')),
    at(applied_at),
  ]);
  const readsHead = [text('version'), text('importer'), text('by'), text('when')];
  const rewrites = one.rewrites.map((change) => [
    at(String(change.at)),
    escaped(text(change.reason === 'retention' ? 'retention' : 'erasure')),
    count(Number(change.records), locale),
    `<code>${escaped(String(change.sha256_after ?? '–'))}</code>`,
  ]);
  const rewritesHead = [text('when'), text('by'), text('records'), text('digest')];
  const changed = rewrites.length > 0 ? headed(text('rewrites')) + table(text('rewrites'), rewritesHead, rewrites, '') : '';
  const mapping = one.mapping
    ? `${headed(text('mapping'))}${copyable('mapping', JSON.stringify(one.mapping, null, 2), locale)}`
    : '';
  const body = one.destroyed_at
    ? ''
    : `<p><a class="button" href="/v1/imports/${one.id}/body" download>${escaped(text('download'))}</a> ${escaped(text('audited'))}</p>`;
  const isOver = !isUnfinished(one) && !one.destroyed_at;
  const again = isOver
    ? `<section class="panel"><h2>${escaped(text('again'))}</h2>${form(`/app/imports/${one.id}/reprocess`, againForm(locale, one, state), text('again'), state.faults)}</section>`
    : '';
  return {
    place: 'imports',
    title: `${text('one')}: ${one.source}`,
    main: `<p><a href="/app/imports">← ${escaped(text('back'))}</a></p>
<div id="live"${isUnfinished(one) ? ' data-unfinished' : ''}>
<dl class="facts">${facts.map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${value}</dd>`).join('')}</dl>
${body}${headed(text('findings'))}${findingsTable(one.findings, locale)}
${headed(text('lineage'))}<p><a href="/app/events?import=${one.id}">${escaped(text('events'))}</a></p>
${table(text('reads'), readsHead, reads, say('none', locale))}
${changed}${mapping}</div>
${headed(text('runs'))}${table(text('runs'), runsHead(locale), runRows(context, runs.body.data), say('none', locale))}
${again}`,
    scripts: ['console-copy.js', 'console-live.js'],
    sheets: SHEETS,
  };
}
