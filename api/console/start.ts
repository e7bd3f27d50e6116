import { escaped } from '../../lib/html.ts';
import { dataIn } from '../pages/html.ts';
import { copyable, SHEETS, secret, wordsIn } from './admin-parts.ts';
import type { ConsoleContext } from './context.ts';
import { EMPTY, type FormState, form } from './forms.ts';
import type { ConsoleContent } from './shell.ts';
import type { Site } from './site.ts';

const WORDS = {
  title: { en: 'First steps', 'pt-BR': 'Primeiros passos' },
  step_key: { en: '1. A key to send with', 'pt-BR': '1. Uma chave para enviar' },
  key_about: {
    en: 'A program needs a key to send events. This one may send events and nothing else.',
    'pt-BR': 'Um programa precisa de uma chave para enviar eventos. Esta só pode enviar eventos, nada mais.',
  },
  make: { en: 'Create a key', 'pt-BR': 'Criar uma chave' },
  key_name: { en: 'First steps', 'pt-BR': 'Primeiros passos' },
  made: {
    en: 'This is the key. It is in the command below as well. Keep it now: it is not shown again.',
    'pt-BR': 'Esta é a chave. Ela também está no comando abaixo. Guarde agora: ela não será mostrada de novo.',
  },
  step_send: { en: '2. Send an event', 'pt-BR': '2. Envie um evento' },
  send_about: {
    en: 'Copy this command into a terminal and run it.',
    'pt-BR': 'Copie este comando para um terminal e execute.',
  },
  no_key: {
    en: 'Create a key first, or put one of yours in the place of YOUR_KEY.',
    'pt-BR': 'Crie uma chave antes, ou ponha uma das suas no lugar de YOUR_KEY.',
  },
  step_see: { en: '3. See it arrive', 'pt-BR': '3. Veja chegar' },
  waiting: {
    en: 'Waiting for an event. This page asks every two seconds.',
    'pt-BR': 'Esperando um evento. Esta página pergunta a cada dois segundos.',
  },
  arrived: { en: 'It has arrived:', 'pt-BR': 'Chegou:' },
  trouble: {
    en: 'The platform cannot be reached at the moment. This page goes on trying.',
    'pt-BR': 'A plataforma não responde no momento. Esta página continua tentando.',
  },
  next: {
    en: 'Next: give your events a type with a schema, or look at the dashboards.',
    'pt-BR': 'A seguir: dê aos seus eventos um tipo com esquema, ou veja os painéis.',
  },
  types: { en: 'Event types', 'pt-BR': 'Tipos de evento' },
  dashboards: { en: 'Dashboards', 'pt-BR': 'Painéis' },
} as const;

const EVENT =
  '{"type": "com.example.order.placed.v1", "source": "first-steps", "data": {"duration_ms": 42, "outcome": "success"}}';

/** From nothing to the first event: a key, a command that sends with it, and the event once it is there. */
export function mountConsoleStart(site: Site): void {
  const show = async (context: ConsoleContext, { faults }: FormState = EMPTY, key?: string | null): Promise<ConsoleContent> => {
    const { locale, tenant, perform, request } = context;
    const text = wordsIn(WORDS, locale);
    // A viewer is refused here, before a key is offered.
    await perform('listKeys', { params: { id: tenant.id }, query: { limit: '1' } });
    const command = `curl -X POST ${request.protocol}://${request.get('host')}/v1/events \\
  -H 'Authorization: Bearer ${key ?? 'YOUR_KEY'}' \\
  -H 'Content-Type: application/json' \\
  -d '${EVENT}'`;
    const waiting = { since: key ? new Date().toISOString() : null, arrived: text('arrived'), trouble: text('trouble') };
    return {
      place: 'start',
      title: text('title'),
      main: `<section class="panel wide"><h2>${escaped(text('step_key'))}</h2>
${key === undefined ? `<p class="lead">${escaped(text('key_about'))}</p>\n${form('/app/start', '', text('make'), faults)}` : secret(text('made'), key, locale)}</section>
<section class="panel wide"><h2>${escaped(text('step_send'))}</h2>
<p class="lead">${escaped(text(key ? 'send_about' : 'no_key'))}</p>
${copyable('command', command, locale)}</section>
<section class="panel wide"><h2>${escaped(text('step_see'))}</h2>
<p id="waiting" role="status" class="waiting">${escaped(text('waiting'))}</p>
<pre id="arrived" class="event" tabindex="0" hidden></pre>
<p id="then" hidden>${escaped(text('next'))} <a href="/app/event-types">${escaped(text('types'))}</a> · <a href="/app/dashboards">${escaped(text('dashboards'))}</a></p></section>
${dataIn('start', waiting)}`,
      scripts: ['console-copy.js', 'console-start.js'],
      sheets: SHEETS,
    };
  };

  site.page('start', (context) => show(context));
  site.action(
    'start',
    async (context) => {
      const { tenant, locale, perform } = context;
      const body = { name: WORDS.key_name[locale], scopes: ['ingest'] };
      const made = await perform<{ key: string | null }>('createKey', { params: { id: tenant.id }, body });
      return show(context, EMPTY, made.body.key);
    },
    show,
  );
}
