import { withTransaction } from '../../sql/database/db.ts';
import { changeBody, expiredDocuments, forgetDifferences, forgetLineage } from '../../sql/imports/bodies.ts';
import { keptBodies, unknownBodies } from '../../sql/imports/upkeep.ts';
import { eachItem } from '../queue/each.ts';
import type { ImportDeps } from './importer.ts';

const DAY_MS = 86_400_000;
/** Days for which a difference is listed row by row. */
const DIFFERENCE_DAYS = 30;
const PAGE = 500;

type CheckDeps = Pick<ImportDeps, 'pool' | 'objects' | 'log' | 'clock'> & {
  config: Pick<ImportDeps['config'], 'IMPORT_RETENTION_DAYS'>;
};

/**
 * Upkeep of the vault, once a night: destroys bodies past their retention, removes bodies older than a day that belong to no
 * document, which a killed request leaves, and logs documents whose body the store lacks as an error.
 */
export async function checkImports(deps: CheckDeps): Promise<void> {
  await forgetDifferences(deps.pool, new Date(deps.clock().getTime() - DIFFERENCE_DAYS * DAY_MS));
  await destroyExpired(deps);
  await compareStore(deps);
}

async function destroyExpired({ pool, objects, log, clock, config }: CheckDeps): Promise<void> {
  const before = new Date(clock().getTime() - config.IMPORT_RETENTION_DAYS * DAY_MS);
  const about = ({ id, tenant_id }: { id: string; tenant_id: string }) => ({ tenant: tenant_id, import: id });
  for (;;) {
    const documents = await expiredDocuments(pool, before, PAGE);
    await eachItem(documents, { log, message: 'cannot destroy a document', about }, async (document) => {
      const change = { body: null, reason: 'retention' as const, request: null, records: 0 };
      await withTransaction(pool, 'begin', async (client) => {
        if (await changeBody(client, document, change)) await forgetLineage(client, document);
      });
      await objects.remove(document.object);
    });
    if (documents.length < PAGE) return;
  }
}

async function compareStore({ pool, objects, log, clock }: CheckDeps): Promise<void> {
  const yesterday = new Date(clock().getTime() - DAY_MS);
  const found = new Set<string>();
  const old: string[] = [];
  for await (const { name, modifiedAt } of objects.list('imports/')) {
    found.add(name);
    if (modifiedAt < yesterday) old.push(name);
  }
  const about = (object: string) => ({ object });
  await eachItem(await unknownBodies(pool, old), { log, message: 'cannot remove a body', about }, (name) =>
    objects.remove(name),
  );
  const absent = (await keptBodies(pool)).filter((name) => !found.has(name));
  // A body that was destroyed or stored in the meantime is not missing.
  const missing: string[] = [];
  for (const name of absent) if (!(await objects.stat(name))) missing.push(name);
  const kept = new Set(missing.length > 0 ? await keptBodies(pool) : []);
  const lost = missing.filter((name) => kept.has(name));
  if (lost.length > 0) log.error({ bodies: lost.length, first: lost.slice(0, 10) }, 'documents of the vault are missing');
}
