import type { Words } from '../dashboards.ts';
import type { Locale } from './html.ts';

// What a dashboard's page says beside what its definition does. Names in braces are filled in by the page's module.
const TEXTS = {
  range: { en: 'Time range', 'pt-BR': 'Período' },
  range_24h: { en: '24 h', 'pt-BR': '24 h' },
  range_7d: { en: '7 days', 'pt-BR': '7 dias' },
  range_30d: { en: '30 days', 'pt-BR': '30 dias' },
  range_90d: { en: '90 days', 'pt-BR': '90 dias' },
  range_custom: { en: 'Custom', 'pt-BR': 'Outro' },
  custom_from: { en: 'First day', 'pt-BR': 'Primeiro dia' },
  custom_to: { en: 'Last day', 'pt-BR': 'Último dia' },
  custom_apply: { en: 'Apply', 'pt-BR': 'Aplicar' },
  custom_wrong: { en: 'The first day must not be after the last.', 'pt-BR': 'O primeiro dia não pode ser depois do último.' },
  interval_auto: { en: 'Automatic', 'pt-BR': 'Automático' },
  interval_hour: { en: 'Hours', 'pt-BR': 'Horas' },
  interval_day: { en: 'Days', 'pt-BR': 'Dias' },
  interval_week: { en: 'Weeks', 'pt-BR': 'Semanas' },
  interval_month: { en: 'Months', 'pt-BR': 'Meses' },
  interval_total: { en: 'Whole period', 'pt-BR': 'Período inteiro' },
  all: { en: 'All', 'pt-BR': 'Todos' },
  fixed: { en: 'Fixed by this link', 'pt-BR': 'Fixado por este link' },
  watermark: { en: 'Data up to {at}', 'pt-BR': 'Dados até {at}' },
  restated_day: {
    en: 'Restated {at}: one day changed after it had ended',
    'pt-BR': 'Corrigido em {at}: um dia mudou depois de encerrado',
  },
  restated_days: {
    en: 'Restated {at}: {days} days changed after they had ended',
    'pt-BR': 'Corrigido em {at}: {days} dias mudaram depois de encerrados',
  },
  loading: { en: 'Loading', 'pt-BR': 'Carregando' },
  zone: { en: 'Times in {zone}', 'pt-BR': 'Horários de {zone}' },
  auto_refresh: { en: 'Refresh every minute', 'pt-BR': 'Atualizar a cada minuto' },
  refresh: { en: 'Refresh now', 'pt-BR': 'Atualizar agora' },
  show_table: { en: 'Show as table', 'pt-BR': 'Mostrar como tabela' },
  download: { en: 'Download CSV', 'pt-BR': 'Baixar CSV' },
  sort: { en: 'Sort by {column}', 'pt-BR': 'Ordenar por {column}' },
  empty: {
    en: 'Nothing happened in this time. Choose a longer time range.',
    'pt-BR': 'Nada aconteceu neste período. Escolha um período mais longo.',
  },
  absent: { en: 'not known', 'pt-BR': 'não informado' },
  failed: { en: 'This card could not be loaded.', 'pt-BR': 'Não foi possível carregar este cartão.' },
  too_many: {
    en: 'This is too much for one card. Choose a wider interval or a shorter time.',
    'pt-BR': 'É demais para um cartão. Escolha um intervalo maior ou um período mais curto.',
  },
  busy: {
    en: 'Too many requests at once. Try again in a moment.',
    'pt-BR': 'Muitas solicitações ao mesmo tempo. Tente em instantes.',
  },
  retry: { en: 'Try again', 'pt-BR': 'Tentar novamente' },
  ended: {
    en: 'This link has expired. What you see stays as it is; for newer figures ask for a new link.',
    'pt-BR': 'Este link expirou. O que você vê fica como está; para dados novos, peça um novo link.',
  },
  closed: {
    en: 'This dashboard is not available any more. Ask whoever sent you the link.',
    'pt-BR': 'Este painel não está mais disponível. Fale com quem enviou o link.',
  },
  offline: {
    en: 'Mirante does not answer. The page tries again by itself.',
    'pt-BR': 'O Mirante não responde. A página tenta novamente sozinha.',
  },
  no_script: {
    en: 'This page draws its figures with JavaScript, which is switched off here.',
    'pt-BR': 'Esta página desenha os dados com JavaScript, que está desativado aqui.',
  },
  before: { en: 'before: {value}', 'pt-BR': 'antes: {value}' },
  no_before: { en: 'no earlier figure', 'pt-BR': 'sem valor anterior' },
  better: { en: 'better', 'pt-BR': 'melhor' },
  worse: { en: 'worse', 'pt-BR': 'pior' },
  same: { en: 'unchanged', 'pt-BR': 'sem mudança' },
  points: { en: '{value} pp', 'pt-BR': '{value} p.p.' },
  goal: { en: 'Goal {value}', 'pt-BR': 'Meta {value}' },
  of_goal: { en: '{share} of {goal}', 'pt-BR': '{share} de {goal}' },
  tone_good: { en: 'good', 'pt-BR': 'bom' },
  tone_warning: { en: 'watch', 'pt-BR': 'atenção' },
  tone_bad: { en: 'bad', 'pt-BR': 'ruim' },
  more_series: {
    en: 'The {count} greatest of {all}; the table has the rest.',
    'pt-BR': 'Os {count} maiores de {all}; a tabela tem o resto.',
  },
  other: { en: 'Other', 'pt-BR': 'Outros' },
  summary: {
    en: '{title}. {figure}: {count} values, lowest {low}, highest {high}, last {last}.',
    'pt-BR': '{title}. {figure}: {count} valores, menor {low}, maior {high}, último {last}.',
  },
} satisfies Record<string, Words>;

export type TextName = keyof typeof TEXTS;

/** A text in one language. */
export const textOf = (name: TextName, locale: Locale): string => TEXTS[name][locale];

/** All of them in one language, for the page's module. */
export const textsOf = (locale: Locale): Record<string, string> =>
  Object.fromEntries(Object.entries(TEXTS).map(([name, words]) => [name, words[locale]]));
