import { escaped } from '../../lib/html.ts';
import type { ListedRun } from '../../sql/archive/runs.ts';
import type { DrillRow } from '../../sql/platform/restore-drills.ts';
import type { Words } from '../dashboards/definition.ts';
import type { Console } from './console.ts';
import type { ConsoleContext } from './context.ts';
import { badge, count, FIGURES_SHEET, size, span } from './figures.ts';
import { table, time } from './forms.ts';

const WORDS = {
  title: { en: 'Archive and backups', 'pt-BR': 'Arquivo e cópias' },
  drills: { en: 'Restore drills', 'pt-BR': 'Testes de restauração' },
  drills_about: {
    en: 'Every week a backup is made, restored elsewhere and compared, table by table.',
    'pt-BR': 'Toda semana uma cópia é feita, restaurada em outro lugar e comparada, tabela por tabela.',
  },
  no_drills: {
    en: 'No drill has run. The first comes when the platform is a day old, if a place to restore is configured (docs/backup.md).',
    'pt-BR':
      'Nenhum teste foi feito. O primeiro vem quando a plataforma tiver um dia, se houver onde restaurar (docs/backup.md).',
  },
  began: { en: 'Began', 'pt-BR': 'Início' },
  result: { en: 'Result', 'pt-BR': 'Resultado' },
  passed: { en: 'Passed', 'pt-BR': 'Aprovado' },
  failed: { en: 'Failed', 'pt-BR': 'Falhou' },
  running: { en: 'Running', 'pt-BR': 'Em andamento' },
  kind: { en: 'Kind', 'pt-BR': 'Tipo' },
  dump: { en: 'Dump', 'pt-BR': 'Dump' },
  copy: { en: 'Copy of the files', 'pt-BR': 'Cópia dos arquivos' },
  backup: { en: 'Backup took', 'pt-BR': 'Duração da cópia' },
  restore: { en: 'Restore took', 'pt-BR': 'Duração da restauração' },
  bytes: { en: 'Size', 'pt-BR': 'Tamanho' },
  records: { en: 'Rows compared', 'pt-BR': 'Linhas comparadas' },
  detail: { en: 'Why it failed', 'pt-BR': 'Por que falhou' },
  runs: { en: 'Runs of the archive', 'pt-BR': 'Execuções do arquivo' },
  runs_about: {
    en: 'Raw events that the database no longer keeps are written to files first.',
    'pt-BR': 'Eventos brutos que o banco deixa de guardar são antes gravados em arquivos.',
  },
  no_runs: { en: 'The archive has not run yet.', 'pt-BR': 'O arquivo ainda não foi executado.' },
  written: { en: 'Done', 'pt-BR': 'Concluído' },
  took: { en: 'Took', 'pt-BR': 'Duração' },
  files: { en: 'Files', 'pt-BR': 'Arquivos' },
  rows: { en: 'Events', 'pt-BR': 'Eventos' },
  boundary: { en: 'Events before', 'pt-BR': 'Eventos até' },
  more: {
    en: 'Disk use and its cost: dashboard Storage and cost',
    'pt-BR': 'Uso de disco e custo: painel Armazenamento e custo',
  },
} satisfies Record<string, Words>;

/** What the platform keeps outside the database, and the proof that it comes back. */
export function mountConsoleStorage(console: Console): void {
  console.page('storage', async (context) => {
    const { perform, locale } = context;
    const text = (name: keyof typeof WORDS) => WORDS[name][locale];
    const [drills, runs] = await Promise.all([
      perform<{ data: DrillRow[] }>('listRestoreDrills', { query: { limit: '20' } }),
      perform<{ data: ListedRun[] }>('listArchiveRuns', { query: { limit: '30' } }),
    ]);
    return {
      place: 'storage',
      title: text('title'),
      sheets: [FIGURES_SHEET],
      main: `<section><h2>${escaped(text('drills'))}</h2><p class="about">${escaped(text('drills_about'))}</p>
${drillTable(context, drills.body.data)}</section>
<section><h2>${escaped(text('runs'))}</h2><p class="about">${escaped(text('runs_about'))}</p>
${runTable(context, runs.body.data)}</section>
<section><p><a href="/app/dashboards/storage-and-cost">${escaped(text('more'))}</a></p></section>`,
    };
  });
}

function drillTable({ locale, tenant }: ConsoleContext, drills: DrillRow[]): string {
  const text = (name: keyof typeof WORDS) => WORDS[name][locale];
  const rows = drills.map((one) => [
    time(one.started_at, locale, tenant.timezone),
    one.passed === null
      ? badge(text('running'), 'warning')
      : one.passed
        ? badge(text('passed'), 'good')
        : badge(text('failed'), 'bad'),
    escaped(text(one.kind)),
    escaped(span(one.backup_seconds, locale)),
    escaped(span(one.restore_seconds, locale)),
    escaped(size(one.bytes, locale)),
    escaped(count(one.records, locale)),
    escaped(one.detail ?? '–'),
  ]);
  const head = (['began', 'result', 'kind', 'backup', 'restore', 'bytes', 'records', 'detail'] as const).map(text);
  return table(text('drills'), head, rows, text('no_drills'));
}

function runTable({ locale, tenant }: ConsoleContext, runs: ListedRun[]): string {
  const text = (name: keyof typeof WORDS) => WORDS[name][locale];
  const secondsOf = ({ started_at, ended_at }: ListedRun) =>
    ended_at && (new Date(ended_at).getTime() - new Date(started_at).getTime()) / 1000;
  const rows = runs.map((one) => [
    time(one.started_at, locale, tenant.timezone),
    one.failed ? badge(text('failed'), 'bad') : badge(text('written'), 'good'),
    escaped(span(secondsOf(one), locale)),
    time(one.boundary, locale, tenant.timezone),
    escaped(count(one.files, locale)),
    escaped(count(one.rows, locale)),
    escaped(size(one.bytes, locale)),
  ]);
  const head = (['began', 'result', 'took', 'boundary', 'files', 'rows', 'bytes'] as const).map(text);
  return table(text('runs'), head, rows, text('no_runs'));
}
