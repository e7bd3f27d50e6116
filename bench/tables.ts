import { AREAS } from './areas.ts';
import { get, type Tree } from './cells.ts';

const COLUMNS = ['measured', 'ours', 'limit or peer', 'ratio'];

/** The results as Markdown for people, one table for each area, without what was not measured. */
export function tablesOf(results: Tree): string {
  const parts = AREAS.map(({ title, about, runs, columns = COLUMNS, rows }) => {
    const lines = rows(results)
      .filter(([, ours]) => ours !== undefined && ours !== '')
      .map((row) => lineOf(columns.map((_, index) => row[index] ?? '')));
    if (lines.length === 0) return '';
    const table = [lineOf(columns), lineOf(columns.map(() => '---')), ...lines].join('\n');
    const notes = runs.filter((name) => name in results).map((name) => whenOf(name, results[name]));
    return `\n## ${title}\n\n${about}\n\n${table}\n\n${notes.join('\n')}\n`;
  });
  return `# Results\n\n${ABOUT}\n${parts.join('')}`;
}

const ABOUT =
  '`npm run bench` writes this page from `results.json`. A limit or peer was measured on the same machine in the same run; the ratio is ours divided by it.';

const lineOf = (cells: string[]) => `| ${cells.join(' | ')} |`;

function whenOf(name: string, run: unknown): string {
  return `- \`${name}\`: ${String(get(run, 'at')).slice(0, 10)}, ${get(run, 'machine')}, ${get(run, 'engine')}`;
}
