import type { Fault, Problem } from '../http/problems.ts';
import type { Locale } from '../pages/html.ts';

/**
 * Faults in Portuguese. The API says what is wrong in English, for programmers; a form says it to its reader. By code, and where the
 * sentence has a bound or choices, with these.
 */
export const FAULTS: Record<string, string> = {
  'differs-from-since': 'Difere da exportação anterior: conjunto de dados, filtro e início devem ser os mesmos.',
  'empty-window': 'O início deve ser anterior ao fim.',
  'exceeds-online': 'Este número é uma parte dos atendimentos online e não pode ser maior que eles.',
  'future-period': 'O período ainda não começou. Escolha o período atual ou um anterior.',
  'host-changed': 'O endereço é de outro servidor. Informe a autorização de novo, ou remova-a.',
  'hours-not-kept': 'Valores por hora desse período não são mais guardados. Use dias.',
  'invalid-address': 'O endereço não é válido.',
  'invalid-cursor': 'Esta página da lista não existe. Volte ao começo da lista.',
  'invalid-element': 'Um dos valores não é válido.',
  'invalid-format': 'O formato não é válido.',
  'invalid-idempotency-key': 'O formulário não pôde ser reconhecido. Recarregue a página.',
  'invalid-json': 'Não é JSON válido.',
  'invalid-key': 'Um dos nomes não é válido.',
  'invalid-pattern': 'Uma expressão do esquema não pode ser usada: lookahead, lookbehind e retrovisores não são aceitos.',
  'invalid-role': 'Um membro é leitor ou administrador; um membro da plataforma é operador.',
  'invalid-text': 'O texto contém caracteres que não podem ser guardados.',
  'invalid-time': 'A data ou hora não é válida.',
  'invalid-type': 'O valor falta ou não é do tipo esperado.',
  'invalid-union': 'O valor não é um dos aceitos.',
  'invalid-value': 'O valor não é um dos aceitos.',
  'limit-without-groups': 'Um limite só vale com um agrupamento.',
  'locked-parameter': 'O link fixa este parâmetro.',
  'not-incremental': 'Só exportações de eventos podem ser continuadas.',
  'not-multiple-of': 'O número não é um múltiplo do valor exigido.',
  'not-of-format': 'O formato escolhido não tem esta opção.',
  'other-entity': 'Este painel não é o do endereço.',
  'out-of-range': 'O valor está fora do intervalo aceito.',
  'part-of-hour-not-kept': 'Eventos desse período não são mais guardados. Use horas inteiras.',
  'personal-identifier': 'O texto não pode ter e-mail, CPF ou telefone de uma pessoa.',
  'repeated-dimension': 'A mesma dimensão aparece duas vezes.',
  'repeated-parameter': 'O mesmo parâmetro aparece duas vezes.',
  'reserved-name': 'Este nome não é aceito.',
  'schema-mismatch': 'Não corresponde ao esquema do tipo.',
  'secret-already-shown': 'Isto já foi mostrado e não pode ser mostrado de novo.',
  'too-big': 'O valor é grande ou longo demais.',
  'too-deep': 'Há níveis demais uns dentro dos outros.',
  'too-long': 'O texto é longo demais.',
  'too-many-buckets': 'O período tem intervalos demais. Escolha um período menor ou intervalos maiores.',
  'too-many-rows': 'A resposta teria linhas demais. Escolha um período menor.',
  'too-small': 'O valor é pequeno ou curto demais.',
  'unknown-dimension': 'A métrica não tem esta dimensão.',
  'unknown-endpoint': 'Este destino não existe.',
  'unknown-export': 'Esta exportação não existe.',
  'unknown-interval': 'Este intervalo não existe.',
  'unknown-metric': 'Esta métrica não existe.',
  'unknown-parameter': 'Este parâmetro não existe.',
  'unrecognized-keys': 'Há um nome desconhecido.',
  'unusable-zone': 'Este fuso horário não pode ser usado. Escreva, por exemplo, America/Sao_Paulo.',
  custom: 'O valor não é válido.',
};

/** Refusals as a whole, in Portuguese, by code. */
export const PROBLEMS: Record<string, string> = {
  'invalid-request': 'O pedido não é válido.',
  'invalid-json': 'O pedido não é JSON válido.',
  'invalid-encoding': 'O pedido não pôde ser lido.',
  'empty-batch': 'Não há nenhum evento.',
  unauthenticated: 'Você não está mais conectado. Entre de novo.',
  'invalid-token': 'O link não é válido. Peça um novo.',
  'expired-token': 'O link expirou. Peça um novo.',
  'wrong-scope': 'Você não tem permissão para isto.',
  'wrong-dashboard': 'O link é de outro painel.',
  'frame-refused': 'Páginas desta origem não podem mostrar o painel.',
  'feature-disabled': 'Este recurso está desativado. Fale com o operador da plataforma.',
  'not-found': 'Isto não existe, ou não existe mais.',
  'cross-site': 'O pedido veio de outro site. Abra a página aqui e envie de novo.',
  'member-exists': 'Já existe um membro com este endereço de e-mail.',
  'support-not-allowed': 'O cliente não permite acesso do suporte. Peça a um administrador do cliente.',
  'slug-taken': 'Outro cliente já tem este nome curto.',
  'tenant-offboarding': 'O cliente está sendo removido.',
  'alert-limit': 'O limite de regras de alerta ou destinos foi atingido. Exclua um antes.',
  'annotation-limit': 'O limite de anotações foi atingido. Exclua uma antes.',
  'bookmark-limit': 'O limite de estrelas e visões salvas foi atingido. Remova uma antes.',
  'link-limit': 'O limite de links curtos foi atingido. Exclua um antes.',
  'export-limit': 'O limite de exportações foi atingido. Espere uma terminar ou exclua uma.',
  'export-not-completed': 'A exportação anterior não está concluída.',
  'run-limit': 'O limite de releituras simultâneas foi atingido. Espere uma terminar.',
  'connector-disabled': 'O conector está desativado e não busca nada. Ative-o antes.',
  'report-limit': 'O limite de relatórios de desempenho em andamento foi atingido. Espere um terminar.',
  'report-not-completed': 'O relatório de desempenho não está concluído e não pode ser publicado.',
  'report-not-published': 'O relatório de desempenho não está publicado e não pode ser retirado.',
  'dimension-in-use': 'Métricas já contam eventos guardados por este campo.',
  'cannot-cut-out': 'Nada pode ser retirado desta entrada.',
  'review-changed': 'A entrada mudou, ou outra pessoa acabou de decidir. Recarregue a página.',
  'document-rejected': 'O documento foi recusado. Nada dele foi guardado.',
  'no-email': 'Esta plataforma não envia e-mails.',
  'operations-tenant': 'O cliente da própria plataforma não pode ser removido.',
  'unsafe-engine': 'Este banco de dados não permite criar logins SQL com segurança. Veja docs/security.md.',
  'sql-session-limit': 'Os logins SQL teriam sessões demais juntos. Reduza o limite ou exclua um login.',
  'version-conflict': 'Outra pessoa acabou de mudar este tipo de evento. Recarregue a página.',
  'idempotency-running': 'O primeiro envio deste formulário ainda está em andamento. Espere um momento.',
  'too-large': 'É grande demais. Nada foi guardado.',
  'unsupported-media-type': 'O tipo de conteúdo não é aceito.',
  'no-such-range': 'O arquivo não tem esse trecho.',
  'idempotency-mismatch': 'Este formulário já foi enviado com outros valores. Recarregue a página.',
  'invalid-schema': 'O esquema não é aceito.',
  'old-http': 'A conexão usa uma versão antiga demais do HTTP.',
  'rate-limited': 'Pedidos demais. Espere um momento.',
  'quota-exceeded': 'Uma cota está esgotada.',
  'too-many-queries': 'Há consultas demais em espera. Espere um momento.',
  'sign-in-limited': 'Tentativas demais deste endereço. Espere dez minutos.',
  'feedback-limited': 'Avaliações demais desta rede. Tente mais tarde.',
  'too-many-exports': 'Há exportações simultâneas demais. Espere uma terminar.',
  'too-many-streams': 'Há leituras ao vivo demais. Feche uma.',
};

const KIND: Record<string, string> = { 'a whole number': 'um número inteiro', 'a number': 'um número' };
const UNIT: Record<string, string> = { character: 'caracteres', item: 'itens' };

// What "must be …" says of bounds, choices and forms, as lib/expectations.ts writes it.
const SENTENCES: readonly [RegExp, (parts: string[]) => string][] = [
  [/ is missing\./, () => 'Preencha este campo.'],
  [/; it is empty\./, () => 'Preencha este campo.'],
  [/ must be (a whole number|a number) from (\S+) to (\d\S*?)[;.]/, ([kind = '', a, b]) => `Use ${KIND[kind]} de ${a} a ${b}.`],
  [/ must be (a whole number|a number) of at least (\d\S*?)[;.]/, ([kind = '', a]) => `Use ${KIND[kind]} de pelo menos ${a}.`],
  [/ must be (a whole number|a number) of at most (\d\S*?)[;.]/, ([kind = '', a]) => `Use ${KIND[kind]} de no máximo ${a}.`],
  [/ must be (a whole number|a number)[;.]/, ([kind = '']) => `Use ${KIND[kind]}.`],
  [/ must be an e-mail address/, () => 'Use um endereço de e-mail.'],
  [/ must be a URL/, () => 'Use um endereço da Web, como https://example.com.'],
  [/ must be a time/, () => 'Use uma data com hora.'],
  [/ must be a date/, () => 'Use uma data.'],
  [/ of (\d+) to (\d+) (character|item)s?\b/, ([a, b, unit = '']) => `Use de ${a} a ${b} ${UNIT[unit]}.`],
  [/ of at most (\d+) (character|item)s?\b/, ([a, unit = '']) => `Use no máximo ${a} ${UNIT[unit]}.`],
  [/ of at least (\d+) (character|item)s?\b/, ([a, unit = '']) => `Use pelo menos ${a} ${UNIT[unit]}.`],
  [/ must be one of ([^;]+?)(?:;|\.$|\.\s)/, ([choices]) => `Use um destes: ${choices}.`],
];

/** What a fault says to the reader of a form. A schema keeps the reason, which is technical in any language. */
export function faultText({ code, detail }: Pick<Fault, 'code' | 'detail'>, locale: Locale): string {
  if (locale === 'en') return detail;
  if (code === 'invalid-schema') return `${PROBLEMS[code]} ${detail}`;
  for (const [pattern, write] of SENTENCES) {
    const match = pattern.exec(detail);
    if (match) return write(match.slice(1));
  }
  return FAULTS[code] ?? detail;
}

/** What a refusal as a whole says to the reader of a form. */
export function problemText({ code, detail, title }: Pick<Problem, 'code' | 'detail' | 'title'>, locale: Locale): string {
  if (locale === 'en') return detail ?? `${title}.`;
  return PROBLEMS[code] ?? detail ?? `${title}.`;
}
