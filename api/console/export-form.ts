import type { Locale } from '../pages/html.ts';
import { wordsIn } from './admin-parts.ts';
import { type FormState, field } from './forms.ts';

const WORDS = {
  dataset: { en: 'What', 'pt-BR': 'O quê' },
  events: { en: 'Events, one row each', 'pt-BR': 'Eventos, uma linha cada' },
  metrics: { en: 'Figures, by hour and by day', 'pt-BR': 'Números, por hora e por dia' },
  test_results: { en: 'Test results, one row each', 'pt-BR': 'Resultados de provas, uma linha cada' },
  format: { en: 'Format', 'pt-BR': 'Formato' },
  csv: { en: 'CSV', 'pt-BR': 'CSV' },
  excel: { en: 'CSV for Excel (semicolon, decimal comma)', 'pt-BR': 'CSV para Excel (ponto e vírgula, vírgula decimal)' },
  ndjson: { en: 'JSON lines', 'pt-BR': 'Linhas JSON' },
  parquet: { en: 'Parquet', 'pt-BR': 'Parquet' },
  from: { en: 'First day', 'pt-BR': 'Primeiro dia' },
  to: { en: 'Last day', 'pt-BR': 'Último dia' },
  to_hint: { en: 'This day is in it, as a whole.', 'pt-BR': 'Este dia entra por inteiro.' },
  type: { en: 'Only this event type, or this test', 'pt-BR': 'Só este tipo de evento, ou esta prova' },
  type_hint: { en: 'Leave it empty for all.', 'pt-BR': 'Deixe vazio para todos.' },
  notify: { en: 'Tell this address when it is ready', 'pt-BR': 'Avisar este endereço quando estiver pronta' },
  notify_hint: { en: 'A webhook, https:// only. Optional.', 'pt-BR': 'Um webhook, só https://. Opcional.' },
} as const;

/** An export as lists show it. */
export type Export = {
  id: string;
  dataset: string;
  format: string;
  from: string;
  to: string;
  filter: Record<string, string | string[]>;
  status: string;
  progress: number;
  error: string | null;
  created_at: Date;
  expires_at: Date | null;
};

/** The fields of a new export. */
export function exportForm(locale: Locale, days: { from: string; to: string }, state: FormState): string {
  const text = wordsIn(WORDS, locale);
  const choice = (...names: (keyof typeof WORDS)[]) => names.map((name) => [name, text(name)] as const);
  return [
    field({ name: 'dataset', label: text('dataset'), options: choice('events', 'metrics', 'test_results') }, state),
    field({ name: 'from', label: text('from'), type: 'date', value: days.from, required: true }, state),
    field({ name: 'to', label: text('to'), type: 'date', value: days.to, hint: text('to_hint'), required: true }, state),
    field({ name: 'format', label: text('format'), options: choice('csv', 'excel', 'ndjson', 'parquet') }, state),
    field({ name: 'filter', label: text('type'), hint: text('type_hint') }, state),
    field({ name: 'notify_url', label: text('notify'), type: 'url', hint: text('notify_hint') }, state),
  ].join('');
}

const EXCEL = { format: 'csv', delimiter: ';', decimal: ',', bom: true };

/** What the fields ask for, as the call takes it, but for the window. */
export const exportOf = ({ dataset, format, filter, notify_url }: Record<string, string>) => ({
  dataset,
  ...(format === 'excel' ? EXCEL : { format }),
  ...(filter && { filter: dataset === 'test_results' ? { test_id: filter } : { type: filter } }),
  ...(notify_url && { notify_url }),
});
