import { readDashboards } from '../../api/dashboards/dashboards.ts';
import { UsageError } from './usage.ts';

/** The command `dashboards lint`. Returns a sentence if all definitions are valid; throws an Error with one line for each fault. */
export function lintDashboards(args: string[], folder?: URL): string {
  if (args.join(' ') !== 'lint') throw new UsageError('Usage: `dashboards lint` or `dashboards links`.');
  const { dashboards, faults } = readDashboards(folder);
  if (faults.length > 0) throw new Error(faults.join('\n'));
  const cards = dashboards.reduce((sum, dashboard) => sum + dashboard.cards.length, 0);
  return `${dashboards.length} dashboards with ${cards} cards are valid.`;
}
