import type { Words } from '../dashboards/definition.ts';
import type { Locale } from '../pages/html.ts';

/** Words that more than one page of the console shows; a page's own words are in its file. */
export const WORDS = {
  skip: { en: 'Skip to the content', 'pt-BR': 'Ir para o conteúdo' },
  menu: { en: 'Menu', 'pt-BR': 'Menu' },
  jump: { en: 'Go to…', 'pt-BR': 'Ir para…' },
  language: { en: 'Language', 'pt-BR': 'Idioma' },
  theme: { en: 'Theme', 'pt-BR': 'Tema' },
  theme_system: { en: 'System', 'pt-BR': 'Sistema' },
  theme_light: { en: 'Light', 'pt-BR': 'Claro' },
  theme_dark: { en: 'Dark', 'pt-BR': 'Escuro' },
  sign_out: { en: 'Sign out', 'pt-BR': 'Sair' },
  lost: {
    en: 'The connection is lost. What you typed is still here; send it again when the connection is back.',
    'pt-BR': 'A conexão caiu. O que você digitou continua aqui; envie novamente quando a conexão voltar.',
  },
  visiting: {
    en: '{operator} visits {tenant} as a viewer, until {until}. Reason: {reason}',
    'pt-BR': '{operator} visita {tenant} como leitor, até {until}. Motivo: {reason}',
  },
  leave: { en: 'End the visit', 'pt-BR': 'Encerrar a visita' },
  keys_title: { en: 'Keyboard', 'pt-BR': 'Teclado' },
  close: { en: 'Close', 'pt-BR': 'Fechar' },
  save: { en: 'Save', 'pt-BR': 'Salvar' },
  add: { en: 'Add', 'pt-BR': 'Adicionar' },
  remove: { en: 'Remove', 'pt-BR': 'Remover' },
  name: { en: 'Name', 'pt-BR': 'Nome' },
  created: { en: 'Created', 'pt-BR': 'Criado' },
  expires: { en: 'Expires', 'pt-BR': 'Expira' },
  status: { en: 'Status', 'pt-BR': 'Situação' },
  actions: { en: 'Actions', 'pt-BR': 'Ações' },
  never: { en: 'Never', 'pt-BR': 'Nunca' },
  none: { en: 'None yet.', 'pt-BR': 'Nenhum ainda.' },
  more: { en: 'More', 'pt-BR': 'Mais' },
} satisfies Record<string, Words>;

/** A text in the language of the reader. */
export const say = (name: keyof typeof WORDS, locale: Locale): string => WORDS[name][locale];
