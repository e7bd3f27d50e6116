import { withTransaction } from '../../sql/database/db.ts';
import { periodNamed } from '../../sql/performance/periods.ts';
import { readChannelCsv } from '../../sql/reports/channel-csv.ts';
import { lockService, type NewChannelMonth, newestCounts, putChannelCounts } from '../../sql/reports/channels.ts';
import { identityOfKey } from '../../sql/tenants/key-identity.ts';
import type { Difference, ImportDeps, ImportDocument, Importer } from './importer.ts';
import { Rejected } from './outcomes.ts';
import { textOf } from './text.ts';

const MAX_CHARACTERS = 1 << 20;

/** Counts and costs of the channels of a public service by month, as CSV. The source of the document is the slug of the service. */
export const channelCounts: Importer<NewChannelMonth> = {
  name: 'channel-counts',
  version: 1,
  mediaTypes: ['text/x-channel-counts'],
  async *read(bytes, document) {
    let text = '';
    for await (const part of textOf(bytes, document.mediaType)) {
      text += part;
      if (text.length > MAX_CHARACTERS)
        throw new Rejected('too-large', `Counts of channels have at most ${MAX_CHARACTERS} characters.`);
    }
    const { months, faults } = readChannelCsv(text, () => false);
    const [fault] = faults;
    if (fault) throw new Rejected(fault.code, fault.detail, `/line/${fault.line}`);
    yield { rows: months };
  },
  async write(deps, document, rows) {
    const stored = await put(deps, document, rows);
    const counts = { created: 0, restated: 0, unchanged: 0 };
    for (const { outcome } of stored) counts[outcome] += 1;
    return { rows: counts.created + counts.restated, counts };
  },
  async replay(deps, _run, isDryRun) {
    return {
      async take(document, rows) {
        const held = new Map(
          (await newestCounts(deps.pool, document.tenantId, document.source)).map((month) => [month.period, month]),
        );
        if (!isDryRun) await put(deps, document, rows);
        return rows.flatMap((row): Difference[] => {
          const before = held.get(row.period);
          const after = { ...NOTHING, ...row };
          if (before && JSON.stringify({ ...NOTHING, ...before }) === JSON.stringify(after)) return [];
          const key = `${document.source} ${row.period}`;
          return [{ kind: before ? 'changed' : 'added', importId: document.id, key, before: before ?? null, after }];
        });
      },
    };
  },
};

// In the order of columns, so that equal counts are equal texts.
const NOTHING = { period: '', online: null, paper: null, phone: null, other: null, assisted_digital: null, costs: null };

// The same rights and limits as a request to put the counts.
async function put({ pool }: Pick<ImportDeps, 'pool'>, document: ImportDocument, months: NewChannelMonth[]) {
  const { tenantId, source: service } = document;
  const identity = await identityOfKey(pool, tenantId, document.keyId);
  if (!identity?.scopes.includes('tenant-admin')) {
    const detail =
      'Counts of channels need a key with the scope tenant-admin that still holds. Have the document read again with one.';
    throw new Rejected('forbidden', detail);
  }
  return withTransaction(pool, 'begin', async (client) => {
    const zone = await lockService(client, 'owner', tenantId, service);
    if (zone === undefined) throw new Rejected('unknown-service', 'The source of the document must be the slug of a service.');
    const early = months.find(({ period }) => (periodNamed(period, zone)?.from.getTime() ?? 0) > Date.now());
    if (early) throw new Rejected('future-period', `${early.period} has not begun.`);
    return putChannelCounts(client, 'owner', { tenantId, service, source: 'import', document: document.id }, months);
  });
}
