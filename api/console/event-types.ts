import { escaped } from '../../lib/html.ts';
import { type EventType, MODES, SUBJECTS } from '../../sql/event-types/event-types.ts';
import { acceptSchema } from '../event-types/event-types.ts';
import { invalidRequest } from '../http/problems.ts';
import { badge, cursorOf, headed, nextPage, SHEETS, wordsIn } from './admin-parts.ts';
import type { ConsoleContext } from './context.ts';
import { seenTables } from './event-type-seen.ts';
import { versionTable } from './event-type-versions.ts';
import { EMPTY, type FormState, field, form, table, time } from './forms.ts';
import { processingFields, processingOf } from './processing-form.ts';
import type { ConsoleContent } from './shell.ts';
import type { Site } from './site.ts';
import { say } from './words.ts';

const WORDS = {
  title: { en: 'Event types', 'pt-BR': 'Tipos de evento' },
  about: {
    en: 'What the events of each type must look like, what happens to those that do not, and which fields are personal.',
    'pt-BR': 'Como devem ser os eventos de cada tipo, o que acontece com os que não são, e quais campos são pessoais.',
  },
  new: { en: 'New event type', 'pt-BR': 'Novo tipo de evento' },
  type: { en: 'Type', 'pt-BR': 'Tipo' },
  type_hint: { en: 'For example: com.example.order.placed.v1', 'pt-BR': 'Por exemplo: com.example.order.placed.v1' },
  version: { en: 'Version', 'pt-BR': 'Versão' },
  version_about: {
    en: 'Version {n} since {at}. Saving a change makes the next version; stored events stay as they are.',
    'pt-BR': 'Versão {n} desde {at}. Salvar uma mudança faz a próxima versão; eventos guardados ficam como estão.',
  },
  description: { en: 'Description', 'pt-BR': 'Descrição' },
  personal: { en: 'Personal fields', 'pt-BR': 'Campos pessoais' },
  personal_hint: {
    en: 'One a line, such as /email or /items/*/name. Their values are stored as pseudonyms.',
    'pt-BR': 'Um por linha, como /email ou /items/*/name. Os valores são guardados como pseudônimos.',
  },
  mode: { en: 'An event that does not fit is', 'pt-BR': 'Um evento que não se encaixa é' },
  observe: { en: 'stored, with a warning', 'pt-BR': 'guardado, com um aviso' },
  quarantine: { en: 'kept in quarantine', 'pt-BR': 'mantido em quarentena' },
  reject: { en: 'rejected', 'pt-BR': 'rejeitado' },
  subject: { en: 'The subject is stored', 'pt-BR': 'O sujeito é guardado' },
  pseudonymised: { en: 'as a pseudonym', 'pt-BR': 'como pseudônimo' },
  plain: { en: 'as it was sent', 'pt-BR': 'como foi enviado' },
  schema: { en: 'Schema of the data', 'pt-BR': 'Esquema dos dados' },
  schema_hint: { en: 'JSON Schema, draft 2020-12', 'pt-BR': 'JSON Schema, draft 2020-12' },
  check: { en: 'Check without saving', 'pt-BR': 'Verificar sem salvar' },
  fine: { en: 'The schema is in order. Nothing was saved.', 'pt-BR': 'O esquema está em ordem. Nada foi salvo.' },
  not_json: { en: 'This is not JSON: {why}', 'pt-BR': 'Isto não é JSON: {why}' },
  no_object: { en: 'A schema is a JSON object: { … }', 'pt-BR': 'Um esquema é um objeto JSON: { … }' },
  back: { en: 'All event types', 'pt-BR': 'Todos os tipos de evento' },
  quarantined: { en: 'Events in quarantine', 'pt-BR': 'Eventos em quarentena' },
} as const;

const EXAMPLE = { type: 'object', properties: { duration_ms: { type: 'number', minimum: 0 } }, required: ['duration_ms'] };
const TONES = { observe: 'plain', quarantine: 'warning', reject: 'bad' } as const;

/** The event types of the tenant, with their schemas. */
export function mountConsoleEventTypes(site: Site): void {
  const list = async (context: ConsoleContext): Promise<ConsoleContent> => {
    const { locale, tenant, perform } = context;
    const text = wordsIn(WORDS, locale);
    const query = { limit: '100', ...cursorOf(context) };
    const { body } = await perform<{ data: EventType[]; next_cursor: string | null }>('listEventTypes', { query });
    const rows = body.data.map((one) => [
      `<a href="/app/event-types/${encodeURIComponent(one.type)}">${escaped(one.type)}</a>`,
      escaped(one.description ?? ''),
      String(one.version),
      badge(TONES[one.mode], text(one.mode)),
      one.personal_fields.map((name) => `<code>${escaped(name)}</code>`).join('<br>') || '–',
      time(one.created_at, locale, tenant.timezone),
    ]);
    const head = [text('type'), text('description'), text('version'), text('mode'), text('personal'), say('created', locale)];
    return {
      place: 'event-types',
      title: text('title'),
      main: `<p class="lead">${escaped(text('about'))}</p>
${headed(text('title'), `<a class="button" href="/app/event-types/new">${escaped(text('new'))}</a>`)}
${table(text('title'), head, rows, say('none', locale))}
${nextPage(context, body.next_cursor)}`,
      sheets: SHEETS,
    };
  };

  const edit = async (context: ConsoleContext, state: FormState = EMPTY, said = ''): Promise<ConsoleContent> => {
    const { locale, tenant, perform, request } = context;
    const text = wordsIn(WORDS, locale);
    const type = request.params.type as string | undefined;
    const found = type === undefined ? undefined : (await perform<EventType>('getEventType', { params: { type } })).body;
    const choices = <Name extends keyof typeof WORDS>(names: readonly Name[]) =>
      names.map((name) => [name, text(name)] as const);
    const lines = found?.personal_fields.join('\n') ?? '';
    const fields = [
      found ? '' : field({ name: 'type', label: text('type'), hint: text('type_hint'), required: true }, state),
      field({ name: 'description', label: text('description'), value: found?.description ?? '' }, state),
      field(
        {
          name: 'schema',
          label: text('schema'),
          type: 'textarea',
          hint: text('schema_hint'),
          value: JSON.stringify(found?.schema ?? EXAMPLE, null, 2),
        },
        state,
      ),
      `<p class="field"><button type="submit" class="quiet" name="check" value="1">${escaped(text('check'))}</button></p>`,
      field({ name: 'mode', label: text('mode'), value: found?.mode ?? 'observe', options: choices(MODES) }, state),
      field(
        { name: 'personal_fields', label: text('personal'), type: 'textarea', hint: text('personal_hint'), value: lines },
        state,
      ),
      field(
        { name: 'subject', label: text('subject'), value: found?.subject ?? 'pseudonymised', options: choices(SUBJECTS) },
        state,
      ),
      processingFields(found?.processing ?? null, locale, state),
    ].join('\n');
    const about = found
      ? `<p class="lead">${escaped(text('version_about'))
          .replace('{n}', String(found.version))
          .replace('{at}', time(found.created_at, locale, tenant.timezone))}</p>
<p><a href="/app/quarantine?type=${encodeURIComponent(found.type)}">${escaped(text('quarantined'))}</a></p>`
      : '';
    const action = found ? `/app/event-types/${encodeURIComponent(found.type)}` : '/app/event-types/new';
    return {
      place: 'event-types',
      title: found?.type ?? text('new'),
      main: `${said}<p><a href="/app/event-types">← ${escaped(text('back'))}</a></p>
${about}<section class="panel wide type">${form(action, fields, say('save', locale), state.faults)}</section>
${found ? `${await seenTables(context, found.type)}\n${await versionTable(context, found.type)}` : ''}`,
      sheets: SHEETS,
    };
  };

  async function save(context: ConsoleContext, values: Record<string, string>, type: string): Promise<string | ConsoleContent> {
    const { locale, perform } = context;
    const schema = schemaOf(values.schema ?? '', locale);
    if (values.check) {
      acceptSchema(schema as Record<string, unknown>);
      const said = `<p class="secret" role="status">${escaped(WORDS.fine[locale])}</p>\n`;
      return edit(context, { values, faults: new Map() }, said);
    }
    const { mode, subject, description } = values;
    const personal = (values.personal_fields ?? '').split('\n').map((line) => line.trim());
    const body = {
      schema,
      mode,
      subject,
      personal_fields: personal.filter(Boolean),
      ...(description && { description }),
      ...processingOf(values),
    };
    await perform('putEventType', { params: { type }, body });
    return `/app/event-types/${encodeURIComponent(type)}`;
  }

  site.page('event-types', list);
  site.page('event-types/new', (context) => edit(context));
  site.page('event-types/:type', (context) => edit(context));
  site.action('event-types/new', (context, values) => save(context, values, values.type ?? ''), edit);
  site.action('event-types/:type', (context, values) => save(context, values, String(context.request.params.type)), edit);
}

// The fault of a text that is no schema at all; what is wrong inside one is named by the call.
function schemaOf(text: string, locale: ConsoleContext['locale']): object {
  const refuse = (detail: string) => invalidRequest([{ pointer: '/schema', code: 'invalid-schema', detail }]);
  let schema: unknown;
  try {
    schema = JSON.parse(text);
  } catch (error) {
    throw refuse(WORDS.not_json[locale].replace('{why}', (error as Error).message));
  }
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) throw refuse(WORDS.no_object[locale]);
  return schema;
}
