import { escaped } from '../../lib/html.ts';
import type { Finding, ImportEntry } from '../../sql/imports/imports.ts';
import type { ImportRun, RunStatus } from '../../sql/imports/runs.ts';
import { invalidRequest } from '../http/problems.ts';
import type { Locale } from '../pages/html.ts';
import { badge, wordsIn } from './admin-parts.ts';
import type { ConsoleContext } from './context.ts';
import { count } from './figures.ts';
import { type FormState, field, table, time } from './forms.ts';
import { say } from './words.ts';

/** Words of the pages about documents that are read again. */
export const RUN_WORDS = {
  title: { en: 'Documents read again', 'pt-BR': 'Documentos lidos de novo' },
  about: {
    en: 'Each run shows first what it would change, row by row. Only then it is applied, and what was applied can be undone.',
    'pt-BR':
      'Cada reprocessamento mostra primeiro o que mudaria, linha a linha. Só então é aplicado, e o que foi aplicado pode ser desfeito.',
  },
  run: { en: 'Run', 'pt-BR': 'Reprocessamento' },
  one_document: { en: 'one document', 'pt-BR': 'um documento' },
  several: { en: 'several documents', 'pt-BR': 'vários documentos' },
  undoing: { en: 'undoes another run', 'pt-BR': 'desfaz outro' },
  trial: { en: 'Trial run', 'pt-BR': 'Simulação' },
  applied: { en: 'Applied', 'pt-BR': 'Aplicado' },
  queued: { en: 'Waiting', 'pt-BR': 'Aguardando' },
  comparing: { en: 'Comparing', 'pt-BR': 'Comparando' },
  applying: { en: 'Applying', 'pt-BR': 'Aplicando' },
  failed: { en: 'Failed', 'pt-BR': 'Falhou' },
  documents: { en: 'Documents', 'pt-BR': 'Documentos' },
  document: { en: 'Document', 'pt-BR': 'Documento' },
  rows: { en: 'Rows read', 'pt-BR': 'Linhas lidas' },
  added: { en: 'Added', 'pt-BR': 'Incluídas' },
  changed: { en: 'Changed', 'pt-BR': 'Alteradas' },
  removed: { en: 'Removed', 'pt-BR': 'Removidas' },
  findings: { en: 'Findings', 'pt-BR': 'Achados' },
  code: { en: 'Code', 'pt-BR': 'Código' },
  detail: { en: 'What it is', 'pt-BR': 'O que é' },
  place: { en: 'Place', 'pt-BR': 'Lugar' },
  times: { en: 'Times', 'pt-BR': 'Vezes' },
  no_findings: { en: 'Nothing is odd about it.', 'pt-BR': 'Nada de estranho.' },
  difference: { en: 'Difference', 'pt-BR': 'Diferença' },
  nothing: { en: 'Nothing changes.', 'pt-BR': 'Nada muda.' },
  kind_added: { en: 'Added', 'pt-BR': 'Incluída' },
  kind_changed: { en: 'Changed', 'pt-BR': 'Alterada' },
  kind_removed: { en: 'Removed', 'pt-BR': 'Removida' },
  kind: { en: 'Change', 'pt-BR': 'Mudança' },
  row: { en: 'Row', 'pt-BR': 'Linha' },
  before: { en: 'Before', 'pt-BR': 'Antes' },
  after: { en: 'After', 'pt-BR': 'Depois' },
  csv: { en: 'Difference as CSV', 'pt-BR': 'Diferença em CSV' },
  apply: { en: 'Apply', 'pt-BR': 'Aplicar' },
  sure: {
    en: 'The rows are changed as shown, and the figures of their hours are corrected. It can be undone.',
    'pt-BR': 'As linhas mudam como mostrado, e os números das suas horas são corrigidos. Pode ser desfeito.',
  },
  undo: { en: 'Undo', 'pt-BR': 'Desfazer' },
  undo_about: {
    en: 'Shows first what goes back to the version before.',
    'pt-BR': 'Mostra primeiro o que volta à versão anterior.',
  },
  new: { en: 'Read documents again', 'pt-BR': 'Ler documentos de novo' },
  show: { en: 'Show the difference', 'pt-BR': 'Mostrar a diferença' },
  media_type: { en: 'Media type', 'pt-BR': 'Tipo de mídia' },
  media_type_hint: { en: 'Leave it empty for all.', 'pt-BR': 'Deixe vazio para todos.' },
  from: { en: 'Received from', 'pt-BR': 'Recebidos de' },
  to: { en: 'Received until', 'pt-BR': 'Recebidos até' },
  mapping: { en: 'Mapping, as JSON', 'pt-BR': 'Mapeamento, em JSON' },
  mapping_hint: {
    en: 'Which columns become type, id, time, subject and data. Empty: as before.',
    'pt-BR': 'Quais colunas viram type, id, time, subject e data. Vazio: como antes.',
  },
  policy: { en: 'Policy', 'pt-BR': 'Política' },
  policy_hint: {
    en: 'A rule of the importer, where it has several. Empty: as before.',
    'pt-BR': 'Uma regra do importador, se ele tiver várias. Vazio: como antes.',
  },
  back: { en: 'All documents', 'pt-BR': 'Todos os documentos' },
  all: { en: 'All runs', 'pt-BR': 'Todos os reprocessamentos' },
} as const;

const TONES = { queued: 'plain', comparing: 'warning', applying: 'warning', completed: 'good', failed: 'bad' } as const;
/** Whether a run goes on. */
export const isUnfinished = ({ status }: ImportRun) => status !== 'completed' && status !== 'failed';

/** The fields of reading a document again; the mapping is the one it has. */
export function againForm(
  locale: Locale,
  { mapping, policy }: Pick<ImportEntry, 'mapping' | 'policy'>,
  state: FormState,
): string {
  const text = wordsIn(RUN_WORDS, locale);
  const value = mapping ? JSON.stringify(mapping, null, 2) : '';
  return [
    field({ name: 'mapping', label: text('mapping'), type: 'textarea', hint: text('mapping_hint'), value }, state),
    field({ name: 'policy', label: text('policy'), hint: text('policy_hint'), value: policy ?? '' }, state),
  ].join('');
}

/** What those fields ask for, as the calls take it. Throws a refusal that names the field if the mapping is no JSON. */
export function askedOf({ mapping, policy }: Record<string, string>): { mapping?: unknown; policy?: string } {
  try {
    return { ...(mapping?.trim() && { mapping: JSON.parse(mapping) as unknown }), ...(policy && { policy }) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw invalidRequest([{ pointer: '/mapping', code: 'invalid-json', detail: `"mapping" is not JSON: ${error.message}.` }]);
  }
}

/** How far a run is, or how it ended. */
export function runStatus(run: ImportRun, { locale }: ConsoleContext): string {
  const words: Record<RunStatus, string> = {
    ...{ queued: RUN_WORDS.queued[locale], comparing: RUN_WORDS.comparing[locale], applying: RUN_WORDS.applying[locale] },
    failed: RUN_WORDS.failed[locale],
    completed: RUN_WORDS[run.dry_run ? 'trial' : 'applied'][locale],
  };
  const text = words[run.status];
  const shown = badge(run.status === 'completed' && run.dry_run ? 'plain' : TONES[run.status], text);
  if (!isUnfinished(run)) return shown;
  return `${shown} <progress max="100" value="${run.progress}" aria-label="${escaped(text)}">${run.progress} %</progress>`;
}

/** The columns of runRows(). */
export function runsHead(locale: Locale): string[] {
  const text = wordsIn(RUN_WORDS, locale);
  return [text('run'), say('status', locale), say('created', locale), text('added'), text('changed'), text('removed')];
}

/** Runs as rows of a table. */
export function runRows(context: ConsoleContext, runs: ImportRun[]): string[][] {
  const { locale, tenant } = context;
  return runs.map((run) => [
    `<a href="/app/imports/runs/${run.id}">${escaped(nameOf(run, locale))}</a>`,
    runStatus(run, context),
    time(run.created_at, locale, tenant.timezone),
    ...[run.added, run.changed, run.removed].map((n) => count(n, locale)),
  ]);
}

/** What a run is called. */
export function nameOf({ undoes, import_id }: ImportRun, locale: Locale): string {
  const text = wordsIn(RUN_WORDS, locale);
  const what = undoes ? 'undoing' : import_id ? 'one_document' : 'several';
  return `${text('run')}: ${text(what)}`;
}

/** Findings as a table. Their texts are English, as every message of the API. */
export function findingsTable(findings: Finding[], locale: Locale): string {
  const text = wordsIn(RUN_WORDS, locale);
  const rows = findings.map(({ code, detail, pointer, count: times = 1 }) => [
    `<code>${escaped(code)}</code>`,
    `<span lang="en">${escaped(detail)}</span>`,
    pointer ? `<code>${escaped(pointer)}</code>` : '–',
    count(times, locale),
  ]);
  const head = [text('code'), text('detail'), text('place'), text('times')];
  return table(text('findings'), head, rows, text('no_findings'));
}
