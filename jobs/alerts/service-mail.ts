import { escaped } from '../../lib/html.ts';
import type { ServiceMessage } from '../../sql/alerts/service-messages.ts';
import type { Mail, MailReader } from './mail-text.ts';

const WORDS = {
  en: {
    'performance_report.completed': 'Performance report ready',
    incomplete: 'Performance report incomplete',
    'performance_report.failed': 'Performance report failed',
    'connector.failing': 'Connector failing',
    'connector.recovered': 'Connector working again',
    service: 'Service',
    period: 'Period',
    missing: 'Missing',
    revision: 'Published as revision',
    detail: 'Cause',
    tenant: 'Tenant',
  },
  'pt-BR': {
    'performance_report.completed': 'Relatório de desempenho pronto',
    incomplete: 'Relatório de desempenho incompleto',
    'performance_report.failed': 'O relatório de desempenho falhou',
    'connector.failing': 'O conector está falhando',
    'connector.recovered': 'O conector voltou a funcionar',
    service: 'Serviço',
    period: 'Período',
    missing: 'Falta',
    revision: 'Publicado como revisão',
    detail: 'Causa',
    tenant: 'Cliente',
  },
} as const;

/** The e-mail about a performance report or a connector, in the recipient's language. */
export function serviceMailOf(message: ServiceMessage, { tenant, locale }: Omit<MailReader, 'timezone'>): Mail {
  const language = locale === 'pt-BR' ? 'pt-BR' : 'en';
  const words = WORDS[language];
  const lines: [string, string][] = [];
  let title: string = words[message.type];
  if ('report' in message.data) {
    const { service, period, missing, revision } = message.data.report;
    if (missing.length > 0) title = words.incomplete;
    lines.push([words.service, service], [words.period, period]);
    for (const { input, period: of, reason } of missing) lines.push([words.missing, `${input} ${of}: ${reason}`]);
    if (revision !== null) lines.push([words.revision, String(revision)]);
  } else {
    const { service, detail } = message.data.connector;
    lines.push([words.service, service]);
    if (detail !== null) lines.push([words.detail, detail]);
  }
  lines.push([words.tenant, tenant]);
  const rows = lines.map(([name, text]) => `<tr><th align="left">${escaped(name)}</th><td>${escaped(text)}</td></tr>`);
  return {
    subject: `[Mirante] ${title}: ${lines[0]?.[1]}`,
    text: `${lines.map(([name, text]) => `${name}: ${text}`).join('\n')}\n`,
    html: `<!doctype html><html lang="${language}"><meta charset="utf-8"><body><h1>${escaped(title)}</h1><table cellpadding="4">${rows.join('')}</table></body></html>`,
  };
}
