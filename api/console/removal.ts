import { escaped } from '../../lib/html.ts';
import type { Words } from '../dashboards/definition.ts';
import { badge, FIGURES_SHEET, facts } from './figures.ts';
import { table, time } from './forms.ts';
import type { Site } from './site.ts';
import { say } from './words.ts';

const WORDS = {
  title: { en: 'Removal of {slug}', 'pt-BR': 'Remoção de {slug}' },
  running: { en: 'Running', 'pt-BR': 'Em andamento' },
  completed: { en: 'Completed', 'pt-BR': 'Concluída' },
  asked: { en: 'Asked for', 'pt-BR': 'Solicitada' },
  done: { en: 'Completed at', 'pt-BR': 'Concluída em' },
  progress: { en: 'Progress', 'pt-BR': 'Andamento' },
  again: { en: 'Reload', 'pt-BR': 'Recarregar' },
  certificate: { en: 'Certificate', 'pt-BR': 'Certificado' },
  download: { en: 'Download the certificate', 'pt-BR': 'Baixar o certificado' },
  removed: { en: 'What was deleted', 'pt-BR': 'O que foi apagado' },
  store: { en: 'Store', 'pt-BR': 'Onde' },
  rows: { en: 'Rows or files', 'pt-BR': 'Linhas ou arquivos' },
} satisfies Record<string, Words>;

type Removal = {
  /** Null once the removal is complete: then nothing names the tenant but its id. */
  slug: string | null;
  status: 'running' | 'completed';
  progress: number;
  requested_at: string;
  completed_at: string | null;
  certificate: { removed?: Record<string, number> } | null;
};

/** How far the removal of a tenant is, and its certificate, which outlives the tenant. */
export function mountConsoleRemoval(site: Site): void {
  site.page('tenants/:id/removal', async ({ perform, request, locale, tenant }) => {
    const { id } = request.params as { id: string };
    const { body } = await perform<Removal>('getOffboarding', { params: { id } });
    const text = (name: keyof typeof WORDS) => WORDS[name][locale];
    const { slug, status, progress, requested_at, completed_at, certificate } = body;
    const known = facts([
      [say('status', locale), badge(text(status), status === 'completed' ? 'good' : 'warning')],
      [
        text('progress'),
        `<progress max="100" value="${progress}" aria-label="${escaped(text('progress'))}"></progress> ${progress} %`,
      ],
      [text('asked'), time(requested_at, locale, tenant.timezone)],
      [text('done'), time(completed_at, locale, tenant.timezone)],
    ]);
    const deleted = Object.entries(certificate?.removed ?? {}).map(([store, rows]) => [escaped(store), escaped(String(rows))]);
    const proof = certificate
      ? `<section><h2>${escaped(text('certificate'))}</h2>
<p><a href="/v1/tenants/${id}/offboarding" download="removal-${escaped(slug ?? id)}.json">${escaped(text('download'))}</a></p>
${table(text('removed'), [text('store'), text('rows')], deleted, say('none', locale))}</section>`
      : `<p><a class="button" href="/app/tenants/${id}/removal">${escaped(text('again'))}</a></p>`;
    return {
      place: 'tenants',
      title: text('title').replace('{slug}', slug ?? id),
      sheets: [FIGURES_SHEET],
      main: `${known}${proof}`,
    };
  });
}
