import type { Answer } from './client.ts';
import type { Ask, SmokeTenant } from './smoke-types.ts';

/** Metabase accepts a token for a minute after it expires. */
const LONG_AGO_MS = 300_000;

/** Asks for one card in ways that must all be refused. Returns a line for each that was not. */
export async function refusalFaults(
  ask: Ask,
  [mine, other]: [SmokeTenant, SmokeTenant],
  window: Record<string, string>,
): Promise<string[]> {
  const ways: [string, () => Promise<Answer>][] = [
    ['a token without a grant', () => ask({})],
    ['an empty list of grants', () => ask({ grant: [] })],
    ['an empty grant', () => ask({ grant: '' })],
    ['two grants', () => ask({ grant: [mine.grant, other.grant] })],
    ['a forged grant', () => ask({ grant: mine.grant.replace(mine.id, other.id) })],
    ['an unknown parameter', () => ask({ grant: mine.grant, stranger: 'x' })],
    ['an expired token', () => ask({ grant: mine.grant }, { expiresAt: new Date(Date.now() - LONG_AGO_MS) })],
    ['a token of another secret', () => ask({ grant: mine.grant }, { secret: '0'.repeat(64) })],
    ['a grant in the address', () => ask({}, { query: { ...window, grant: mine.grant } })],
    ['another grant in the address', () => ask({ grant: mine.grant }, { query: { ...window, grant: other.grant } })],
  ];
  const faults: string[] = [];
  for (const [way, attempt] of ways) {
    const { status, body } = await attempt();
    if (status < 400 && body?.status !== 'failed') faults.push(`${way} was not refused`);
  }
  return faults;
}
