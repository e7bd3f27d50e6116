import type { Words } from '../dashboards/definition.ts';

/** Words of the list of dashboards, and of the tools around a dashboard. */
export const DASHBOARD_WORDS = {
  title: { en: 'Dashboards', 'pt-BR': 'Painéis' },
  star: { en: 'Star', 'pt-BR': 'Favoritar' },
  unstar: { en: 'Remove the star', 'pt-BR': 'Remover dos favoritos' },
  views: { en: 'Saved views', 'pt-BR': 'Visões salvas' },
  save_view: { en: 'Save view', 'pt-BR': 'Salvar visão' },
  view_name: { en: 'Name of the view', 'pt-BR': 'Nome da visão' },
  view_hint: {
    en: 'Keeps the period and the filters that are set now. A view of the same name is replaced.',
    'pt-BR': 'Guarda o período e os filtros atuais. Uma visão com o mesmo nome é substituída.',
  },
  too_many: {
    en: 'You have 200 stars and saved views, which is the most. Remove one first.',
    'pt-BR': 'Você tem 200 favoritos e visões salvas, o máximo. Remova um primeiro.',
  },
  name_length: { en: 'Enter a name of 1 to 100 characters.', 'pt-BR': 'Informe um nome de 1 a 100 caracteres.' },
  notes: { en: 'Notes', 'pt-BR': 'Anotações' },
  note_time: { en: 'When', 'pt-BR': 'Quando' },
  note_text: { en: 'What happened', 'pt-BR': 'O que aconteceu' },
  note_here: { en: 'Only on this dashboard', 'pt-BR': 'Somente neste painel' },
  note_add: { en: 'Add a note', 'pt-BR': 'Adicionar uma anotação' },
  notes_shown: { en: 'Notes in this period', 'pt-BR': 'Anotações deste período' },
  share: { en: 'Share', 'pt-BR': 'Compartilhar' },
  share_hint: {
    en: 'A link opens this dashboard without an account, until it expires or you revoke it.',
    'pt-BR': 'Um link abre este painel sem conta, até expirar ou você revogá-lo.',
  },
  expiry: { en: 'Expires', 'pt-BR': 'Expira' },
  days: { en: 'In {n} days', 'pt-BR': 'Em {n} dias' },
  day: { en: 'In 1 day', 'pt-BR': 'Em 1 dia' },
  never: { en: 'Never', 'pt-BR': 'Nunca' },
  fix: { en: 'Fix for viewers', 'pt-BR': 'Fixar para quem vê' },
  fix_none: {
    en: 'Set a filter or a period of your own to fix it.',
    'pt-BR': 'Defina um filtro ou um período próprio para fixá-lo.',
  },
  period: { en: 'Period', 'pt-BR': 'Período' },
  create: { en: 'Create a link', 'pt-BR': 'Criar um link' },
  made: { en: 'Copy the link now: it is not shown again.', 'pt-BR': 'Copie o link agora: ele não será mostrado de novo.' },
  copy: { en: 'Copy', 'pt-BR': 'Copiar' },
  copied: { en: 'Copied', 'pt-BR': 'Copiado' },
  links: { en: 'Links to this dashboard', 'pt-BR': 'Links deste painel' },
  revoke: { en: 'Revoke', 'pt-BR': 'Revogar' },
  revoke_sure: {
    en: 'Revoke the link {id}…? People who have it no longer see the dashboard.',
    'pt-BR': 'Revogar o link {id}…? Quem o tem deixa de ver o painel.',
  },
  remove: { en: 'Remove', 'pt-BR': 'Remover' },
  remove_sure: { en: 'Remove the note “{text}”?', 'pt-BR': 'Remover a anotação “{text}”?' },
  created: { en: 'created {at}', 'pt-BR': 'criado em {at}' },
  expires: { en: 'expires {at}', 'pt-BR': 'expira em {at}' },
  endless: { en: 'does not expire', 'pt-BR': 'não expira' },
  none: { en: 'None yet.', 'pt-BR': 'Nenhum ainda.' },
  no_answer: {
    en: 'Mirante did not answer. What you typed is still here; try again.',
    'pt-BR': 'O Mirante não respondeu. O que você digitou continua aqui; tente novamente.',
  },
  print: { en: 'Print', 'pt-BR': 'Imprimir' },
  cancel: { en: 'Cancel', 'pt-BR': 'Cancelar' },
  close: { en: 'Close', 'pt-BR': 'Fechar' },
  gestures: {
    en: 'Click a bar, a slice or a value in a table to filter by it; click again to undo. Drag across a chart of times to zoom.',
    'pt-BR':
      'Clique em uma barra, fatia ou valor de tabela para filtrar; clique de novo para desfazer. Arraste sobre um gráfico de tempo para ampliar.',
  },
} satisfies Record<string, Words>;

export type DashboardWord = keyof typeof DASHBOARD_WORDS;
