import { keptBodies, unknownBodies } from '../../sql/imports/upkeep.ts';
import { eachItem } from '../queue/each.ts';
import type { ImportDeps } from './importer.ts';

const DAY_MS = 86_400_000;

/**
 * Compares the store with the vault: removes bodies older than a day that belong to no document, which a killed request leaves,
 * and logs documents whose body the store lacks as an error.
 */
export async function checkImports({ pool, objects, log, clock }: ImportDeps): Promise<void> {
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
  const missing = [];
  for (const name of absent) if (!(await objects.stat(name))) missing.push(name);
  if (missing.length > 0)
    log.error({ bodies: missing.length, first: missing.slice(0, 10) }, 'documents of the vault are missing');
}
