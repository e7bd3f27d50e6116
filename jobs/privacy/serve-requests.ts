import { Busy } from '../../lib/busy.ts';
import { type Client, withTenant } from '../../sql/database/db.ts';
import { EVENT_CELLS } from '../../sql/events/event-records.ts';
import { exportFiles } from '../../sql/exports/place.ts';
import { countDoomed, exportsErasedFor } from '../../sql/exports/upkeep.ts';
import { documentsErasedFor } from '../../sql/imports/bodies.ts';
import { withRefreshLock } from '../../sql/metrics/rollups.ts';
import {
  beginErasure,
  type ClaimedRequest,
  ClaimLost,
  certifyErasure,
  claimPrivacyRequest,
  clearBundle,
  completePrivacyRequest,
  keepPrivacyClaim,
  notePrivacyProgress,
  releasePrivacyRequest,
} from '../../sql/privacy/claims.ts';
import { erasedSoFar, noteErased } from '../../sql/privacy/erased-so-far.ts';
import { findEntry } from '../../sql/privacy/ledger.ts';
import type { Person, PersonalPlace, Unsearched } from '../../sql/privacy/place.ts';
import { PLACES } from '../../sql/privacy/places.ts';
import { type BundleFile, deleteOldBundles } from '../../sql/privacy/privacy-requests.ts';
import { countReviews } from '../../sql/privacy/reviews.ts';
import { rollups } from '../../sql/privacy/rollup-place.ts';
import { vacuumErased, vacuumRequests } from '../../sql/privacy/vacuum.ts';
import { allowLargeDeletes } from '../../sql/storage/engine.ts';
import { eraseFromArchive, findInArchive } from '../archive/erase.ts';
import type { ExportDeps } from '../exports/deps.ts';
import { destroyErased } from '../exports/destroy.ts';
import { eraseFromVault, findInVault, VAULT, VAULT_CELLS, type VaultDeps } from '../imports/erase.ts';
import { type RefreshDeps, refreshLocked } from '../metrics/refresh-rollups.ts';
import { eachItem } from '../queue/each.ts';
import { createBundleFile } from './bundle-file.ts';
import { type LedgerDeps, publishLedger } from './ledger.ts';

export type PrivacyDeps = RefreshDeps &
  Pick<ExportDeps, 'objects' | 'archive'> &
  Pick<LedgerDeps, 'backups'> &
  Pick<VaultDeps, 'secret'>;

/** What erasing a person does not search. Each certificate lists it. */
const NOT_SEARCHED: Unsearched[] = [
  {
    what: 'Counts in roll-up buckets whose raw events have been deleted by retention',
    why: 'Where no dimension named the person, they identify nobody and cannot be recomputed.',
  },
  {
    what: 'Documents of the vault that name the person only by other words than the identifier or its pseudonym',
    why: 'Nothing in them tells that they are about the person.',
  },
  {
    what: 'Backups made before the cut-off, and the write-ahead log',
    why: 'They are not rewritten. A restore of one repeats this erasure from the erasure ledger before anything is served; they end when they are deleted.',
  },
];

const KEEP_EVERY_MS = 10_000;

/**
 * Serves all due requests; tenants take turns. A failed request does not stop the others: it is retried later, and the error is
 * thrown at the end. jobs/platform/measure-objectives.ts logs requests whose deadline is near.
 */
export async function servePrivacyRequests(deps: PrivacyDeps): Promise<void> {
  await deleteOldBundles(deps.pool);
  // Nothing is erased that is not in the ledger. Access requests do not depend on it.
  const failure = await publishLedger(deps).then(
    () => undefined,
    (error: Error) => error,
  );
  if (failure) deps.log.error({ err: failure }, 'cannot store the erasure ledger; no erasure begins');
  const telling = {
    log: deps.log,
    message: 'cannot complete a privacy request',
    about: ({ id, tenant_id, kind }: ClaimedRequest) => ({ tenant: tenant_id, privacy_request: id, kind }),
  };
  await eachItem(claims(deps), telling, (request) => serve(deps, request));
  if (failure) throw failure;
}

async function* claims({ pool }: PrivacyDeps): AsyncGenerator<ClaimedRequest> {
  for (let next = await claimPrivacyRequest(pool); next; next = await claimPrivacyRequest(pool)) yield next;
}

async function serve(deps: PrivacyDeps, request: ClaimedRequest): Promise<void> {
  const told = { tenant: request.tenant_id, privacy_request: request.id, kind: request.kind };
  // The next write notices a lost lease.
  const timer = setInterval(() => void keepPrivacyClaim(deps.pool, request).catch(() => undefined), KEEP_EVERY_MS);
  try {
    if (request.kind === 'erasure') await certifyErasure(deps.pool, request, await erase(deps, request));
    else await completePrivacyRequest(deps.pool, request, await copyOf(deps, request));
    await vacuumRequests(deps.pool);
    deps.log.info(told, 'privacy request completed');
  } catch (error) {
    if (error instanceof ClaimLost) return deps.log.info(told, 'privacy request was cancelled or taken over by another worker');
    // If the database is unreachable, the lease expires by itself.
    await releasePrivacyRequest(deps.pool, request, error instanceof Busy ? null : reasonOf(error)).catch(() => undefined);
    throw error;
  } finally {
    clearInterval(timer);
  }
}

const personOf = (request: ClaimedRequest): Person => ({
  tenantId: request.tenant_id,
  subject: request.person,
  hash: request.person_hash,
});

async function copyOf(deps: PrivacyDeps, request: ClaimedRequest): Promise<object> {
  const files = await collect(deps, request);
  const inReview = await withTenant(deps.pool, request.tenant_id, (client) => countReviews(client, request.id));
  return { files, in_review: inReview };
}

// The person's copy: each place as JSON and as CSV.
async function collect(deps: PrivacyDeps, request: ClaimedRequest): Promise<BundleFile[]> {
  await clearBundle(deps.pool, request);
  const files: BundleFile[] = [];
  // After the events of the database: events that are archived in the meantime appear twice rather than not at all.
  const archived = {
    name: 'archive',
    columns: EVENT_CELLS,
    find: (client: Client, person: Person) => findInArchive(client, deps.archive, person),
  };
  const vault = {
    name: VAULT,
    columns: VAULT_CELLS,
    find: (client: Client, person: Person) => findInVault(deps, client, person),
  };
  const places: Pick<PersonalPlace, 'name' | 'columns' | 'find'>[] = [...PLACES, archived, vault];
  for (const [n, place] of places.entries()) {
    const json = createBundleFile(deps.pool, request, `${place.name}.json`);
    const csv = createBundleFile(deps.pool, request, `${place.name}.csv`);
    const copy = async (client: Client) => {
      for await (const found of place.find(client, personOf(request), request.id)) {
        await json.addJson(found.map((record) => record.json));
        await csv.addCsv(
          place.columns,
          found.map((record) => record.cells),
        );
      }
    };
    // It may write, because what is found may have to be reviewed.
    await withTenant(deps.pool, request.tenant_id, copy, 'login');
    files.push(await json.closeJson(), await csv.closeCsv(place.columns));
    await notePrivacyProgress(deps.pool, request, Math.round((99 * (n + 1)) / places.length));
  }
  return files;
}

async function eraseFrom(deps: PrivacyDeps, request: ClaimedRequest, place: PersonalPlace, progress: number): Promise<void> {
  await withTenant(
    deps.pool,
    request.tenant_id,
    async (client) => {
      await allowLargeDeletes(client);
      const erased = await place.erase(client, personOf(request), request.id);
      await noteErased(client, request, place.name, erased, progress);
    },
    'login',
  );
}

// In words for the tenant: the error itself may name what is not the tenant's.
const reasonOf = (error: unknown) =>
  error instanceof Blocked ? error.message : 'The last attempt failed. It is repeated; the operator’s log has the reason.';

/** Why a request cannot be completed now, in words for the tenant. */
class Blocked extends Error {}

// Rows first, each place in its own transaction; then the roll-ups that had counted them, hour by hour.
async function erase(deps: PrivacyDeps, request: ClaimedRequest): Promise<object> {
  const entry = await findEntry(deps.pool, request.id);
  if (!entry)
    throw new Blocked(
      'The erasure ledger cannot be stored outside the database. Nothing is erased before, because a restore would undo it.',
    );
  const cutOff = await beginErasure(deps.pool, request);
  const person = personOf(request);
  // Before the events: a document that is read from now on gives none of the person.
  await eraseFromVault(deps, request, person);
  const rows = PLACES.filter((place) => place !== rollups);
  for (const [n, place] of rows.entries()) await eraseFrom(deps, request, place, Math.round((80 * (n + 1)) / rows.length));
  await eraseFromArchive(deps, request, person);
  // Again: an export that was planned in the meantime may have read archived rows of the person.
  await eraseFrom(deps, request, exportFiles, 80);
  await withRefreshLock(deps.pool, true, async (client) => {
    await refreshLocked(client, deps);
    // What no raw event can recompute.
    await eraseFrom(deps, request, rollups, 80);
  });
  await destroyErased(deps, request.tenant_id);
  const left = await countDoomed(deps.pool, request.tenant_id, request.person_hash);
  // Its writer stops within a second, or its lease expires within a minute. The next run finds no such file.
  if (left > 0) throw new Blocked(`${left} files of cancelled exports are still being written.`);
  const unvacuumed = await vacuumErased(deps.pool);
  const { places, hours, unsearched, archive_files = [] } = await erasedSoFar(deps.pool, request);
  const inReview = await withTenant(deps.pool, request.tenant_id, (client) => countReviews(client, request.id));
  return {
    kind: 'erasure',
    request_id: request.id,
    tenant_id: request.tenant_id,
    subject: request.person_hash,
    requested_at: request.created_at,
    cut_off: cutOff,
    completed_at: deps.clock(),
    ledger: entry,
    places: Object.entries(places).map(([place, found]) => ({ place, ...found })),
    removed: Object.fromEntries(Object.entries(places).map(([place, { removed }]) => [place, removed])),
    archive_files,
    documents: await documentsErasedFor(deps.pool, request.tenant_id, request.id),
    hours_recomputed: hours,
    in_review: inReview,
    exports_destroyed: await exportsErasedFor(deps.pool, request.tenant_id, request.person_hash),
    not_searched: [
      ...Object.entries(unsearched).flatMap(([place, list]) => list.map((one) => ({ place, ...one }))),
      ...(request.person === request.person_hash ? [BY_PSEUDONYM] : []),
      ...unvacuumed.map((table) => ({
        what: `Free space of the pages of the table ${table}`,
        why: 'The vacuum took too long. The server’s own vacuum follows.',
      })),
      ...NOT_SEARCHED,
    ],
  };
}

const BY_PSEUDONYM: Unsearched = {
  what: 'Texts with the plain identifier that are not the subject of an event',
  why: 'The request names the pseudonym, or the key that encrypted the identifier was destroyed.',
};
