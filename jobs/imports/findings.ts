import type { Finding } from '../../sql/imports/imports.ts';

/** Findings that are kept of a document; equal ones are one, with a count. */
const MAX_FINDINGS = 100;

/** Adds findings to a list, in place. */
export function addFindings(list: Finding[], more: readonly Finding[] = []): void {
  for (const finding of more) {
    const known = list.find(({ code, detail }) => code === finding.code && detail === finding.detail);
    if (known) known.count = (known.count ?? 1) + (finding.count ?? 1);
    else if (list.length < MAX_FINDINGS) list.push({ ...finding });
    else {
      const rest = list.find(({ code }) => code === 'more-findings');
      if (rest) rest.count = (rest.count ?? 1) + 1;
      else list.push({ code: 'more-findings', detail: `Only the first ${MAX_FINDINGS} findings are listed.`, count: 1 });
    }
  }
}

/** Adds counts to others, in place. */
export function addCounts(sum: Record<string, number>, more: Record<string, number>): void {
  for (const [name, count] of Object.entries(more)) sum[name] = (sum[name] ?? 0) + count;
}
