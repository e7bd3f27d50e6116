import { escaped } from '../../lib/html.ts';
import type { Locale } from '../pages/html.ts';
import { wordsIn } from './admin-parts.ts';
import { table } from './forms.ts';

const WORDS = {
  title: { en: 'What was searched, and what became of it', 'pt-BR': 'O que foi pesquisado e o que foi feito' },
  place: { en: 'Place', 'pt-BR': 'Lugar' },
  searched: { en: 'Searched', 'pt-BR': 'Pesquisado' },
  rows: { en: 'rows', 'pt-BR': 'linhas' },
  files: { en: 'files', 'pt-BR': 'arquivos' },
  found: { en: 'Found', 'pt-BR': 'Encontrado' },
  removed: { en: 'Removed', 'pt-BR': 'Eliminado' },
  changed: { en: 'Changed', 'pt-BR': 'Alterado' },
  in_review: { en: 'In review', 'pt-BR': 'Em revisão' },
  kept: { en: 'Kept, and why', 'pt-BR': 'Mantido, e por quê' },
  not_searched: { en: 'What could not be searched, and why', 'pt-BR': 'O que não pôde ser pesquisado, e por quê' },
  what: { en: 'What', 'pt-BR': 'O quê' },
  why: { en: 'Why', 'pt-BR': 'Por quê' },
  nothing: { en: 'Nothing', 'pt-BR': 'Nada' },
} as const;

type Place = {
  place: string;
  searched: { rows: number; files: number };
  found: number;
  removed: number;
  changed: number;
  in_review: number;
  kept: { records: number; why: string }[];
};

/** A certificate of an erasure as two tables; empty for one of an earlier version, which says only what was removed. */
export function certificateTables(certificate: Record<string, unknown>, locale: Locale): string {
  const { places, not_searched = [] } = certificate as { places?: Place[]; not_searched?: { what: string; why: string }[] };
  if (!places) return '';
  const text = wordsIn(WORDS, locale);
  const number = (n: number) => n.toLocaleString(locale);
  const rows = places.map(({ place, searched, found, removed, changed, in_review, kept }) => [
    `<code>${escaped(place)}</code>`,
    escaped(
      `${number(searched.rows)} ${text('rows')}${searched.files > 0 ? `, ${number(searched.files)} ${text('files')}` : ''}`,
    ),
    ...[found, removed, changed, in_review].map(number),
    kept.map(({ records, why }) => escaped(`${number(records)}: ${why}`)).join('<br>') || '–',
  ]);
  const head = (['place', 'searched', 'found', 'removed', 'changed', 'in_review', 'kept'] as const).map(text);
  const left = not_searched.map(({ what, why }) => [escaped(what), escaped(why)]);
  return `<h3>${escaped(text('title'))}</h3>${table(text('title'), head, rows, text('nothing'))}
<h3>${escaped(text('not_searched'))}</h3>${table(text('not_searched'), [text('what'), text('why')], left, text('nothing'))}`;
}
