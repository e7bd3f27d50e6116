import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../lib/log.ts';
import { withDuckDb } from '../../lib/parquet.ts';
import { type ArchiveFile, condemn, enterArchiveFile, listArchiveFiles, withArchiveTurn } from '../../sql/archive/files.ts';
import { type ArchiveHome, fetchFile, withScratch } from '../../sql/archive/home.ts';
import { dataOfFile, groupsOfFile, isKeyIn, type Run, writeWithData } from '../../sql/archive/parquet.ts';
import { restoredTables } from '../../sql/archive/restored.ts';
import { type Pool, withTransaction } from '../../sql/database/db.ts';
import { type DueRewrite, dueRewrites, hiderOf, noteRewrite, rewriteStored } from '../../sql/privacy/field-rewrites.ts';
import { destroyCondemned } from '../archive/sweep.ts';
import { prove } from '../archive/write.ts';
import { eachItem } from '../queue/each.ts';

type RewriteDeps = { pool: Pool; log: Logger; archive: ArchiveHome };
type Hide = (data: string) => string | undefined;

/**
 * Applies fields that were marked as personal after events had been stored: in the database, then in the archive. A rewrite that is
 * cut off starts over, which changes nothing twice. One that fails does not stop the others; the error is thrown at the end. Throws
 * Busy if another worker uses the archive.
 */
export async function rewriteFields(deps: RewriteDeps): Promise<void> {
  const telling = {
    log: deps.log,
    message: 'cannot rewrite personal fields',
    about: ({ tenant_id, type }: DueRewrite) => ({ tenant: tenant_id, type }),
  };
  await eachItem(await dueRewrites(deps.pool), telling, async (due) => {
    const hide = await hiderOf(deps.pool, due);
    for (const table of [undefined, ...(await restoredTables(deps.pool))])
      for await (const rows of rewriteStored(deps.pool, due, hide, table))
        await noteRewrite(deps.pool, due, { rows, progress: 30 });
    await rewriteArchive(deps, due, hide);
    await noteRewrite(deps.pool, due, { progress: 100 });
    deps.log.info({ tenant: due.tenant_id, type: due.type }, 'personal fields rewritten');
  });
}

async function rewriteArchive(deps: RewriteDeps, due: DueRewrite, hide: Hide): Promise<void> {
  const work = (lost: AbortSignal) =>
    withScratch(deps.archive, 'archive', (scratch) =>
      withDuckDb(scratch, async (run) => {
        const files = (await listArchiveFiles(deps.pool, { tenantId: due.tenant_id })).filter(({ type }) => type === due.type);
        for (const [n, file] of files.entries()) {
          lost.throwIfAborted();
          const rows = await rewriteFile(deps, run, scratch, file, hide);
          await noteRewrite(deps.pool, due, {
            rows,
            files: rows > 0 ? 1 : 0,
            progress: 50 + Math.floor((49 * n) / files.length),
          });
        }
        await destroyCondemned({ ...deps, lost }, due.tenant_id);
      }),
    );
  await withArchiveTurn(deps.pool, work, 'try');
}

// The file's other rows are proved to be the same, and the new file to be what was written, before it replaces the old one.
async function rewriteFile(deps: RewriteDeps, run: Run, scratch: string, file: ArchiveFile, hide: Hide): Promise<number> {
  const [path, changes, to] = ['', '.csv', '-hidden'].map((end) => join(scratch, `${file.id}${end || '.parquet'}`)) as [
    string,
    string,
    string,
  ];
  if (!(await fetchFile(deps.archive.store, file, path))) throw new Error(`${file.name} is not in the object store.`);
  let rows = 0;
  await writeFile(changes, '');
  for await (const page of dataOfFile(run, path)) {
    const lines = page.flatMap(({ key, data }) => {
      const hidden = hide(data);
      return hidden === undefined ? [] : [`${quoted(key)},${quoted(hidden)}\n`];
    });
    rows += lines.length;
    await writeFile(changes, lines.join(''), { flag: 'a' });
  }
  if (rows > 0) {
    await writeWithData(run, path, changes, to);
    const others = `not ${isKeyIn(changes)}`;
    const [[whole], [before], [after]] = [
      await groupsOfFile(run, to),
      await groupsOfFile(run, path, others),
      await groupsOfFile(run, to, others),
    ];
    if (whole?.rows !== file.rows || before?.digest !== after?.digest)
      throw new Error(`${file.name} does not have the expected rows after its fields were rewritten.`);
    const successor = await prove(deps, run, whole, to);
    await withTransaction(deps.pool, 'begin', async (client) => {
      await enterArchiveFile(client, { ...successor, status: file.status }, file.id);
      await condemn(client, [file.id]);
    });
  }
  for (const used of [path, changes, to]) await rm(used, { force: true });
  return rows;
}

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
