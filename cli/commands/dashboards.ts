import { readDashboards } from '../../api/dashboards/dashboards.ts';
import { UsageError } from './usage.ts';

/** The command `dashboards lint`: a sentence where all definitions are well, or throws with one line for each fault and its file. */
export function lintDashboards(args: string[], folder?: URL): string {
  if (args.join(' ') !== 'lint') throw new UsageError('Use `dashboards lint` or `dashboards links`.');
  const { dashboards, faults } = readDashboards(folder);
  if (faults.length > 0) throw new Error(faults.join('\n'));
  const cards = dashboards.reduce((sum, dashboard) => sum + dashboard.cards.length, 0);
  return `No faults. Dashboards: ${dashboards.length}. Cards: ${cards}.`;
}
