import { escaped } from '../../lib/html.ts';
import { headed, wordsIn } from './admin-parts.ts';
import type { ConsoleContext } from './context.ts';
import { table, time } from './forms.ts';
import { say } from './words.ts';

const WORDS = {
  title: { en: 'Versions', 'pt-BR': 'Versões' },
  version: { en: 'Version', 'pt-BR': 'Versão' },
  mode: { en: 'Mode', 'pt-BR': 'Modo' },
  schema: { en: 'Schema', 'pt-BR': 'Esquema' },
  observe: { en: 'stored, with a warning', 'pt-BR': 'guardado, com um aviso' },
  quarantine: { en: 'kept in quarantine', 'pt-BR': 'mantido em quarentena' },
  reject: { en: 'rejected', 'pt-BR': 'rejeitado' },
} as const;

type Change = { new: unknown };
type Written = { at: Date; target: string; details: { version?: Change; mode?: Change; schema?: Change } };

/** The versions of an event type, newest first. The audit log keeps each as it was written. */
export async function versionTable({ perform, locale, tenant }: ConsoleContext, type: string): Promise<string> {
  const text = wordsIn(WORDS, locale);
  const actions = ['event_type.changed', 'event_type.created'];
  const lists = actions.map((action) => perform<{ data: Written[] }>('listAuditLog', { query: { action, limit: '1000' } }));
  const entries = (await Promise.all(lists)).flatMap(({ body }) => body.data).filter(({ target }) => target === type);
  const rows = entries
    .toSorted((a, b) => Number(b.details.version?.new) - Number(a.details.version?.new))
    .map(({ at, details: { version, mode, schema } }) => [
      escaped(String(version?.new ?? '–')),
      time(at, locale, tenant.timezone),
      escaped(text(String(mode?.new) as 'observe')),
      `<details><summary>${escaped(text('schema'))}</summary><pre tabindex="0">${escaped(JSON.stringify(schema?.new ?? null, null, 2))}</pre></details>`,
    ]);
  const head = [text('version'), say('created', locale), text('mode'), text('schema')];
  return `${headed(text('title'))}\n${table(text('title'), head, rows, say('none', locale))}`;
}
