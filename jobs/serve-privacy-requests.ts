import { type Client, withTenant } from '../sql/db.ts';
import { EVENT_CELLS } from '../sql/queries/event-records.ts';
import { exportFiles } from '../sql/queries/export-place.ts';
import { countDoomed, exportsErasedFor } from '../sql/queries/export-upkeep.ts';
import { type Person, PLACES, type Place } from '../sql/queries/places.ts';
import {
  type BundleFile,
  claimPrivacyRequest,
  clearBundle,
  completePrivacyRequest,
  deleteOldBundles,
  erasedSoFar,
  noteErased,
  notePrivacyProgress,
  type OpenRequest,
  releasePrivacyRequest,
  requestsNearlyDue,
} from '../sql/queries/privacy-requests.ts';
import { withRefreshLock } from '../sql/queries/rollups.ts';
import { allowLargeDeletes } from '../sql/storage/engine.ts';
import { createBundleFile } from './bundle-file.ts';
import { destroyExports } from './destroy-exports.ts';
import { eraseFromArchive, findInArchive } from './erase-archive.ts';
import { type RefreshDeps, refreshLocked } from './refresh-rollups.ts';
import type { ExportDeps } from './run-export.ts';

export type PrivacyDeps = RefreshDeps & Pick<ExportDeps, 'objects' | 'archive'>;

/** What erasing a person does not reach, said in each certificate. */
const NOT_REACHED = [
  'Buckets of roll-ups whose raw events have left by retention: they hold counts, which lead to nobody and cannot be made anew.',
  'Fields of events that their type does not mark as personal.',
  'Backups, until they expire.',
];

/** Serves all requests that are open, the oldest first, and says which will soon be due. */
export async function servePrivacyRequests(deps: PrivacyDeps): Promise<void> {
  await deleteOldBundles(deps.pool);
  for (;;) {
    const request = await claimPrivacyRequest(deps.pool);
    if (!request) break;
    try {
      const outcome = request.kind === 'erasure' ? await erase(deps, request) : { files: await collect(deps, request) };
      await completePrivacyRequest(deps.pool, request.id, outcome);
    } catch (error) {
      await releasePrivacyRequest(deps.pool, request.id);
      throw error;
    }
    deps.log.info({ tenant: request.tenant_id, privacy_request: request.id, kind: request.kind }, 'privacy request served');
  }
  for (const { id, tenant_id, kind, due_at } of await requestsNearlyDue(deps.pool)) {
    deps.log.error({ tenant: tenant_id, privacy_request: id, kind, due_at }, 'privacy request is due in less than three days');
  }
}

const personOf = (request: OpenRequest): Person => ({
  tenantId: request.tenant_id,
  subject: request.person,
  hash: request.person_hash,
});

// The copy that a person may have: each place as JSON and as CSV.
async function collect(deps: PrivacyDeps, request: OpenRequest): Promise<BundleFile[]> {
  await clearBundle(deps.pool, request.id);
  const files: BundleFile[] = [];
  // After the events of the database: what moves meanwhile is told twice, and never not at all.
  const archived = {
    name: 'archive',
    columns: EVENT_CELLS,
    find: (client: Client, person: Person) => findInArchive(client, deps.archive, person),
  };
  const places: Pick<Place, 'name' | 'columns' | 'find'>[] = [...PLACES, archived];
  for (const [n, place] of places.entries()) {
    const json = createBundleFile(deps.pool, request, `${place.name}.json`);
    const csv = createBundleFile(deps.pool, request, `${place.name}.csv`);
    await withTenant(deps.pool, request.tenant_id, async (client) => {
      for await (const found of place.find(client, personOf(request))) {
        await json.addJson(found.map((record) => record.json));
        await csv.addCsv(
          place.columns,
          found.map((record) => record.cells),
        );
      }
    });
    files.push(await json.closeJson(), await csv.closeCsv(place.columns));
    await notePrivacyProgress(deps.pool, request.id, Math.round((99 * (n + 1)) / places.length));
  }
  return files;
}

async function eraseFrom(deps: PrivacyDeps, request: OpenRequest, place: Place, progress: number): Promise<void> {
  await withTenant(
    deps.pool,
    request.tenant_id,
    async (client) => {
      await allowLargeDeletes(client);
      const erased = await place.erase(client, personOf(request));
      await noteErased(client, request.id, place.name, erased, progress);
    },
    'login',
  );
}

// Rows first, each place in a transaction of its own; then the roll-ups that had counted them, hour by hour.
async function erase(deps: PrivacyDeps, request: OpenRequest): Promise<object> {
  for (const [n, place] of PLACES.entries()) await eraseFrom(deps, request, place, Math.round((80 * (n + 1)) / PLACES.length));
  await eraseFromArchive(deps, request, personOf(request));
  // Once more: an export that was cut meanwhile may have read archived rows of the person.
  await eraseFrom(deps, request, exportFiles, 80);
  await withRefreshLock(deps.pool, true, (client) => refreshLocked(client, deps));
  await destroyExports(deps);
  const left = await countDoomed(deps.pool, request.tenant_id, request.person_hash);
  // Whoever writes it hears of it within a second, or has died and is over in a minute: the next run finds none.
  if (left > 0) throw new Error(`${left} file of an export that was ended is still being written.`);
  const { removed, hours, archive_files = [] } = await erasedSoFar(deps.pool, request.id);
  return {
    kind: 'erasure',
    request_id: request.id,
    tenant_id: request.tenant_id,
    subject: request.person_hash,
    requested_at: request.created_at,
    completed_at: deps.clock(),
    removed,
    archive_files,
    hours_recomputed: hours,
    exports_destroyed: await exportsErasedFor(deps.pool, request.tenant_id, request.person_hash),
    not_reached: NOT_REACHED,
  };
}
