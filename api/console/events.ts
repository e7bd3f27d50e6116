import { DateTime } from 'luxon';
import { escaped } from '../../lib/html.ts';
import type { Words } from '../dashboards/definition.ts';
import { dataIn } from '../pages/html.ts';
import { EMPTY, field } from './forms.ts';
import type { Site } from './site.ts';
import { say } from './words.ts';

const WORDS = {
  title: { en: 'Events', 'pt-BR': 'Eventos' },
  type: { en: 'Type', 'pt-BR': 'Tipo' },
  subject: { en: 'Subject', 'pt-BR': 'Pessoa ou objeto' },
  subject_hint: { en: 'The value as it was sent', 'pt-BR': 'O valor como foi enviado' },
  from: { en: 'From', 'pt-BR': 'De' },
  to: { en: 'Before', 'pt-BR': 'Antes de' },
  apply: { en: 'Filter', 'pt-BR': 'Filtrar' },
  clear: { en: 'Clear', 'pt-BR': 'Limpar' },
  live: { en: 'Live', 'pt-BR': 'Ao vivo' },
  live_on: { en: 'New events appear as they are stored.', 'pt-BR': 'Novos eventos aparecem assim que são gravados.' },
  live_waits: { en: 'The connection is lost and is being restored.', 'pt-BR': 'A conexão caiu e está sendo restabelecida.' },
  live_ended: {
    en: 'The live view has ended. Reload the page to go on.',
    'pt-BR': 'A exibição ao vivo terminou. Recarregue a página para continuar.',
  },
  live_not: {
    en: 'Live shows the newest events of a type: clear the other filters to switch it on.',
    'pt-BR': 'O modo ao vivo mostra os eventos mais novos de um tipo: limpe os outros filtros para ligá-lo.',
  },
  gap: {
    en: 'More events came than could be shown here. Reload the page to list them.',
    'pt-BR': 'Chegaram mais eventos do que era possível mostrar aqui. Recarregue a página para listá-los.',
  },
  time: { en: 'Time', 'pt-BR': 'Horário' },
  source: { en: 'Source', 'pt-BR': 'Origem' },
  outcome: { en: 'Outcome', 'pt-BR': 'Resultado' },
  empty: {
    en: 'No events match. Clear the filters, or send an event.',
    'pt-BR': 'Nenhum evento encontrado. Limpe os filtros ou envie um evento.',
  },
  loading: { en: 'Loading…', 'pt-BR': 'Carregando…' },
  failed: { en: 'The events could not be loaded.', 'pt-BR': 'Não foi possível carregar os eventos.' },
  newest: { en: 'Newest', 'pt-BR': 'Mais novos' },
  older: { en: 'Older', 'pt-BR': 'Mais antigos' },
  one: { en: 'Event', 'pt-BR': 'Evento' },
  copy: { en: 'Copy', 'pt-BR': 'Copiar' },
  copied: { en: 'Copied', 'pt-BR': 'Copiado' },
  of_document: { en: 'Only events that one document gave.', 'pt-BR': 'Só eventos que vieram de um documento.' },
  document: { en: 'The document', 'pt-BR': 'O documento' },
  documents: { en: 'Documents that gave it', 'pt-BR': 'Documentos de que ele veio' },
} satisfies Record<string, Words>;

/** The newest events of the tenant, and those that are just coming. The page's module asks for them. */
export function mountConsoleEvents(site: Site): void {
  site.page('events', async ({ locale, tenant, role, request, response }) => {
    const own = ownAddress(request.query, tenant.timezone);
    if (own) {
      response.redirect(303, own);
      return undefined;
    }
    const texts = Object.fromEntries(Object.entries(WORDS).map(([name, words]) => [name, words[locale]]));
    const text = (name: keyof typeof WORDS) => escaped(WORDS[name][locale]);
    const state = {
      ...EMPTY,
      values: Object.fromEntries(Object.entries(request.query).map(([name, value]) => [name, String(value)])),
    };
    const fields = [
      field({ name: 'type', label: WORDS.type[locale] }, state),
      field({ name: 'subject', label: WORDS.subject[locale], hint: WORDS.subject_hint[locale] }, state),
      field({ name: 'from', label: WORDS.from[locale], type: 'datetime-local' }, state),
      field({ name: 'to', label: WORDS.to[locale], type: 'datetime-local' }, state),
    ];
    const document = state.values.import ?? '';
    const ofDocument = document
      ? `<input type="hidden" name="import" value="${escaped(document)}"><p class="lead">${text('of_document')} <a href="/app/imports/${encodeURIComponent(document)}">${text('document')}</a></p>`
      : '';
    const documents =
      role === 'admin' ? `<a id="event-imports" class="quiet" href="/app/imports">${text('documents')}</a> ` : '';
    const head = (['time', 'type', 'source', 'subject', 'outcome'] as const)
      .map((name) => `<th scope="col" role="columnheader">${text(name)}</th>`)
      .join('');
    return {
      place: 'events',
      title: WORDS.title[locale],
      main: `<form method="get" action="/app/events" class="filters">
${ofDocument}${fields.join('\n')}
<div class="acts"><button type="submit" class="button">${text('apply')}</button> <a href="/app/events">${text('clear')}</a></div>
</form>
<datalist id="types"></datalist>
<div class="live"><label><input type="checkbox" id="live"> ${text('live')}</label> <span id="live-state" role="status"></span></div>
<p class="notice" id="gap" role="alert" hidden>${text('gap')}</p>
<p class="notice" id="failed" role="alert" hidden></p>
<div class="scroll records" tabindex="0" role="region" aria-label="${text('title')}"><table role="table"><caption class="unseen">${text('title')}</caption><thead role="rowgroup"><tr role="row">${head}</tr></thead><tbody id="events" role="rowgroup" aria-busy="true"></tbody></table></div>
<p class="empty" id="empty">${text('loading')}</p>
<nav class="pages" aria-label="${text('title')}"><a id="newest" hidden>${text('newest')}</a> <a id="older" hidden>${text('older')}</a></nav>
<dialog id="event" aria-labelledby="event-title"><h2 id="event-title">${text('one')}</h2><pre id="event-json" tabindex="0"></pre><div class="acts"><button type="button" class="quiet" id="event-copy">${text('copy')}</button> ${documents}<form method="dialog"><button class="button">${escaped(say('close', locale))}</button></form></div></dialog>
${dataIn('page', { locale, timezone: tenant.timezone, texts })}`,
      scripts: ['events.js'],
      sheets: ['console-data.css'],
    };
  });
}

// A dashboard links here with instants and `filter[…]`; this page has local times, which its fields show. Undefined if the address is its own.
function ownAddress(query: Record<string, unknown>, zone: string): string | undefined {
  const given = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]);
  const isForeign = ([name, value]: [string, string]) =>
    name.startsWith('filter[') || (/^(from|to)$/.test(name) && /(Z|[+-]\d\d:\d\d)$/.test(value));
  if (!given.some(isForeign)) return undefined;
  const own = new URLSearchParams();
  for (const [name, value] of given) {
    const at = /^(from|to)$/.test(name) ? DateTime.fromISO(value, { setZone: true }) : undefined;
    if (at?.isValid) own.set(name, at.setZone(zone).toFormat("yyyy-MM-dd'T'HH:mm"));
    else if (/^filter\[(type|subject)\]$/.test(name)) own.set(name.slice('filter['.length, -1), value);
    else if (/^(type|subject|cursor)$/.test(name)) own.set(name, value);
  }
  return `/app/events${own.size > 0 ? `?${own}` : ''}`;
}
