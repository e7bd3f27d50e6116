import type { Locale } from '../pages/html.ts';

// The catalogues of the API are in English.
const IN_PORTUGUESE: Record<string, string> = {
  'events.count': 'Eventos aceitos.',
  'events.error_rate': 'Proporção de falhas (0 a 1) entre os eventos com resultado.',
  'data.volume': 'Tamanho dos eventos aceitos, como foram enviados.',
  'latency.count': 'Eventos com data.duration_ms, dos quais são calculados os percentis de latência.',
  'latency.p50': 'Percentil 50 de data.duration_ms, com erro de até 2 %.',
  'latency.p95': 'Percentil 95 de data.duration_ms, com erro de até 2 %.',
  'latency.p99': 'Percentil 99 de data.duration_ms, com erro de até 2 %.',
  'validations.count': 'Validações concluídas.',
  'validations.error_rate': 'Proporção de validações com falha (0 a 1) entre as que têm resultado.',
  'validations.rows': 'Linhas verificadas pelas validações.',
  'validations.row_error_rate': 'Erros encontrados por linha verificada; mais de 1 se as linhas têm vários erros.',
  'validations.by_rule': 'Quantas vezes cada regra foi acionada, a mais frequente primeiro.',
  'corrections.count': 'Correções aplicadas.',
  'corrections.rows': 'Linhas alteradas pelas correções.',
  'corrections.per_thousand_rows': 'Correções aplicadas por mil linhas verificadas.',
};

/** The metrics of a catalogue of the API, each described in the language of a page. */
export const describedIn = <Metric extends { name: string; description: string }>(
  metrics: Metric[],
  locale: Locale,
): Metric[] =>
  metrics.map((one) => ({ ...one, description: (locale === 'pt-BR' && IN_PORTUGUESE[one.name]) || one.description }));
