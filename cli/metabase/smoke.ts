import { render } from '../../api/dashboards/card-query.ts';
import { loadDashboards } from '../../api/dashboards/dashboards.ts';
import type { Card, Dashboard } from '../../api/dashboards/definition.ts';
import { embeddingSecret, signEmbed } from '../../api/dashboards/embeds.ts';
import { readCard } from '../../sql/dashboards/cards.ts';
import { signGrant } from '../../sql/dashboards/grants.ts';
import { findMetabaseDashboard, findSmokeTenants } from '../../sql/dashboards/metabase.ts';
import { createPool, type Pool, withTenant } from '../../sql/database/db.ts';
import { loginUrl } from '../../sql/database/roles.ts';
import { asOwner } from '../commands/owner.ts';
import type { Surroundings } from './apply.ts';
import { createMetabase, type Json, type Metabase, waitUntilReady } from './client.ts';
import { urlOf } from './first-run.ts';
import { refusalFaults } from './smoke-refusals.ts';
import type { Ask, SmokeTenant } from './smoke-types.ts';

const WEEK_MS = 7 * 86_400_000;
const HOUR_MS = 3600_000;
/** Metabase truncates longer answers silently. */
const MAX_ROWS = 2000;

/**
 * Reads every customers' card through Metabase as guests of two tenants. Each must get the rows that the database returns for its own
 * grant, and nobody must get rows without a grant. Throws an Error with one line for each fault.
 */
export async function smoke(surroundings: Surroundings, slugs: string[]): Promise<void> {
  const { config, say, waits } = surroundings;
  const url = urlOf(config);
  await waitUntilReady(url, waits);
  const guest = createMetabase(url, {}, waits);
  const api = createPool(loginUrl(config, 'mirante_api'), { max: 2, name: 'mirante smoke' });
  const cards = createPool(loginUrl(config, 'mirante_metabase'), { max: 2, name: 'mirante smoke cards' });
  try {
    const tenants = await tenantsOf(surroundings, api, slugs);
    const faults: string[] = [];
    let [seen, filled] = [0, 0];
    for (const dashboard of loadDashboards(surroundings.dashboards).values()) {
      if (dashboard.audience !== 'customer') continue;
      const id = await withTenant(api, tenants[0].id, (client) => findMetabaseDashboard(client, dashboard.slug));
      if (id === undefined) {
        faults.push(`${dashboard.slug}: not in Metabase. Run \`metabase apply\` first`);
        continue;
      }
      const looked = await lookAt({ guest, cards, dashboard, id, secret: embeddingSecret(config), tenants });
      faults.push(...looked.faults);
      seen += looked.seen;
      filled += looked.filled;
    }
    if (filled === 0)
      faults.push('no card had rows for both tenants, which proves nothing; name two tenants that have rows with --tenants');
    if (faults.length > 0)
      throw new Error(`Metabase does not isolate the tenants, or does not show them their rows:\n  ${faults.join('\n  ')}`);
    const names = tenants.map(({ slug }) => slug).join(' and ');
    say(`Passed: ${seen} cards read as ${names}, ${filled} of them with rows for both. No rows without a grant.`);
  } finally {
    await Promise.all([api.end(), cards.end()]);
  }
}

async function tenantsOf({ config }: Surroundings, api: Pool, slugs: string[]): Promise<[SmokeTenant, SmokeTenant]> {
  const found = await asOwner(config, 'smoke', (pool) => findSmokeTenants(pool, slugs));
  const until = new Date(Date.now() + HOUR_MS);
  const [first, second] = await Promise.all(
    found.map(async (one) => ({ ...one, grant: await withTenant(api, one.id, (client) => signGrant(client, until)) })),
  );
  if (first && second) return [first, second];
  throw new Error(
    slugs.length > 0
      ? 'Set --tenants to the slugs of two tenants.'
      : 'The two canary tenants do not exist yet. Start the jobs program, which creates them, or name two tenants with --tenants.',
  );
}

type Looking = {
  guest: Metabase;
  cards: Pool;
  dashboard: Dashboard;
  id: number;
  secret: string;
  tenants: [SmokeTenant, SmokeTenant];
};

async function lookAt({ guest, cards, dashboard, id, secret, tenants }: Looking) {
  const faults: string[] = [];
  const soon = () => new Date(Date.now() + 600_000);
  const window = windowOf(dashboard);
  let [seen, filled] = [0, 0];
  const token = await signEmbed(secret, id, { grant: tenants[0].grant }, soon());
  const shown = await guest.call('GET', `/api/embed/dashboard/${token}`);
  if (shown.status >= 300) return { faults: [`${dashboard.slug}: Metabase answers ${shown.status}`], seen, filled };
  for (const card of dashboard.cards) {
    const { row, column } = card.layout;
    const tile = shown.body.dashcards?.find((one: Json) => one.row === row && one.col === column);
    const name = `${dashboard.slug}/${card.name}`;
    if (!tile?.card_id) {
      faults.push(`${name}: not on the dashboard`);
      continue;
    }
    const ask: Ask = async (params, more = {}) => {
      const signed = await signEmbed(more.secret ?? secret, id, params, more.expiresAt ?? soon());
      const query = encodeURIComponent(JSON.stringify(more.query ?? window));
      return guest.call('GET', `/api/embed/dashboard/${signed}/dashcard/${tile.id}/card/${tile.card_id}?parameters=${query}`);
    };
    const counts: number[] = [];
    for (const tenant of tenants) {
      const { fault, rows } = await ownRows(ask, cards, card, tenant, window);
      if (fault) faults.push(`${name} as ${tenant.slug}: ${fault}`);
      counts.push(rows);
    }
    seen += 1;
    if (counts.every((count) => count > 0)) filled += 1;
    faults.push(...(await refusalFaults(ask, tenants, window)).map((fault) => `${name}: ${fault}`));
  }
  return { faults, seen, filled };
}

// A week up to the end of this hour, in which the canaries have their rows.
function windowOf({ parameters }: Dashboard): Record<string, string> {
  const end = Math.floor(Date.now() / HOUR_MS) * HOUR_MS + HOUR_MS;
  const window = { from: new Date(end - WEEK_MS).toISOString(), to: new Date(end).toISOString(), interval: 'day' };
  return Object.fromEntries(Object.entries(window).filter(([name]) => parameters.some((one) => one.name === name)));
}

// Read before and after, because events may come in between, and an age grows.
async function ownRows(ask: Ask, cards: Pool, card: Card, { grant }: SmokeTenant, window: Record<string, string>) {
  const { text, values } = render(card.sql, { ...window, grant });
  const before = await readCard(cards, text, values);
  const { status, body } = await ask({ grant });
  if (body?.status !== 'completed') return { rows: 0, fault: `no rows but ${status} ${body?.error ?? body?.status ?? body}` };
  const after = await readCard(cards, text, values);
  const names: string[] = body.data.cols.map((col: Json) => col.name);
  const cellsOf = (rows: Record<string, unknown>[]) =>
    rows.slice(0, MAX_ROWS).map((row) => names.map((name) => plain(row[name])));
  const given = body.data.rows.map((row: unknown[]) => row.map(plain));
  const isOwn = isBetween(given, cellsOf(before), cellsOf(after));
  return { rows: before.length, fault: isOwn ? undefined : 'other rows than its own' };
}

function isBetween(given: Cell[][], before: Cell[][], after: Cell[][]): boolean {
  const isSame = (rows: Cell[][]) => JSON.stringify(rows) === JSON.stringify(given);
  if (isSame(before) || isSame(after)) return true;
  if (given.length !== before.length || given.length !== after.length) return false;
  return given.every((row, y) => row.every((cell, x) => isCellBetween(cell, before[y]?.[x], after[y]?.[x])));
}

function isCellBetween(cell: Cell, before: Cell | undefined, after: Cell | undefined): boolean {
  if (cell === before || cell === after) return true;
  if (typeof cell !== 'number' || typeof before !== 'number' || typeof after !== 'number') return false;
  return Math.min(before, after) <= cell && cell <= Math.max(before, after);
}

type Cell = string | number | boolean | null;

function plain(value: unknown): Cell {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'number') return Number(value.toPrecision(12));
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return value === null || value === undefined ? null : JSON.stringify(value);
  if (/^\d{4}-\d\d-\d\dT/.test(value)) return new Date(value).toISOString();
  return /^-?\d+(\.\d+)?$/.test(value) ? plain(Number(value)) : value;
}
