import { Readable } from 'node:stream';
import pg from 'pg';
import { type Instant, instantOf, parseTime } from '../../lib/time.ts';
import type { Client } from '../database/db.ts';
import type { RowPage } from '../database/page.ts';
import { type EventFilter, type EventKey, findScanEnd, type ListedEvent, listEvents } from '../events/events.ts';
import type { CopyStream, Selection } from '../exports/selection.ts';
import { archivedRecords } from './columns.ts';
import type { ArchiveHome } from './home.ts';
import { readableFiles } from './manifest.ts';
import { ArchiveChanged, type ArchivedRow, ArchiveUnavailable, archivedInOrder, newestArchived } from './rows.ts';

const NOBODY = '00000000-0000-0000-0000-000000000000';

/** `resume`: the start of the next page, if this one ended early because it would have had to read too many events or files. */
export type EventPage = RowPage<ListedEvent> & { resume: Pick<ListedEvent, 'cursor_time' | 'id'> | null };

/**
 * A page of the tenant's raw events, newest first, from database and archive together. Throws ArchiveChanged if a file changed
 * meanwhile, and ArchiveUnavailable if too many readers wait.
 */
export async function listEverywhere(
  client: Client,
  tenantId: string,
  filter: EventFilter,
  archive: ArchiveHome,
): Promise<EventPage> {
  const { types, sources, subjects, outcomes, marketplaces, from, to, before, limit } = filter;
  // Before the events: see readableFiles().
  const files = await readableFiles(client, { from, to, until: before?.time ?? null, types });
  const isFiltered = [types, sources, subjects, outcomes, marketplaces].some((values) => values !== null);
  const end = isFiltered ? ((await findScanEnd(client, filter)) ?? null) : null;
  const stored = await listEvents(client, { ...filter, since: end });
  // Files whose newest event is older than the last one of a full page are not needed. Times compare correctly as texts.
  const last = stored.more ? (stored.rows.at(-1)?.cursor_time ?? '') : (end?.time ?? '');
  const needed = files.filter(({ last_time }) => last_time >= last);
  if (needed.length === 0) return { ...stored, resume: resumeAt(end, stored) };
  const window = { from: laterOf(from, end), to, sources, subjects, outcomes, marketplaces, before };
  const reading = archive.read(tenantId, () => newestArchived(archive, needed, window, limit));
  if (!reading) throw new ArchiveUnavailable('Too many read archived events at once.');
  const { rows, reached } = await reading;
  // PostgreSQL may refuse some of the rows, so that the older ones which are not here might still be on this page.
  const oldest = rows.length >= limit ? (rows.at(-1) as EventKey) : null;
  const since = reached === null ? (oldest ?? end) : { time: reached, id: NOBODY };
  const page = await listEvents(client, { ...filter, since }, rows);
  return { ...page, resume: resumeAt(since, page) };
}

// A page that is not full goes on behind the last event that it read.
function resumeAt(since: EventKey | null, { more }: RowPage<ListedEvent>): EventPage['resume'] {
  return since && !more ? { cursor_time: since.time, id: since.id } : null;
}

function laterOf(from: Instant | null, end: EventKey | null): Instant | null {
  const bound = end && instantOf(parseTime(`${end.time}:00`) as number);
  return (
    [from, bound]
      .filter((at) => at !== null)
      .sort()
      .at(-1) ?? null
  );
}

/**
 * Like copyRows(), including the archived events of the selection. PostgreSQL formats archived rows too, some thousand at a time,
 * so that their bytes are the same as before. `copy` copies the selection from a relation.
 */
export function copyWithArchive(
  client: Client,
  selection: Selection,
  archive: ArchiveHome,
  copy: (source?: string) => CopyStream,
): CopyStream {
  let rowCount = 0;
  let begun = false;
  let resolveOver: () => void = () => undefined;
  const over = new Promise<void>((resolve) => {
    resolveOver = resolve;
  });

  async function* counted(stream: CopyStream): AsyncGenerator<Buffer> {
    try {
      for await (const bytes of stream) yield bytes;
      rowCount += stream.rowCount;
    } finally {
      await stream.over;
    }
  }

  async function* parts(): AsyncGenerator<Buffer> {
    const { from, to, filter } = selection;
    const one = (name: string) => (filter[name] === undefined ? null : [filter[name]].flat());
    // Before the events: see readableFiles().
    const files = await readableFiles(client, { from, to, types: one('type'), receivedFrom: selection.received?.from ?? null });
    let after: EventKey | undefined;
    const window = { from, to, subjects: one('subject') };
    for await (const batch of archivedInOrder(archive, files, window, () => stream.destroyed)) {
      // The generator checks this only when it has yielded rows, and matching rows may be far apart.
      if (stream.destroyed) return;
      const last = batch.at(-1) as EventKey;
      yield* counted(copy(`(${batchSource(batch, after, last)}) s`));
      after = last;
    }
    if (stream.destroyed) return;
    yield* counted(copy(after && `(select * from app.events_in_order e where ${keyed('>', after)}) s`));
  }

  async function* bytes(): AsyncGenerator<Buffer> {
    begun = true;
    try {
      yield* parts();
    } catch (error) {
      throw error instanceof ArchiveChanged ? new ArchiveUnavailable('Files of the archive are being rewritten.') : error;
    } finally {
      resolveOver();
    }
  }

  const stream: Readable = Readable.from(bytes(), { objectMode: false });
  stream.once('close', () => {
    if (!begun) resolveOver();
  });
  return Object.defineProperties(stream, { rowCount: { get: () => rowCount }, over: { value: over } }) as CopyStream;
}

// The first condition lets PostgreSQL skip chunks and partitions.
const keyed = (sign: '>' | '<=', { time, id }: EventKey) =>
  `e.time ${sign === '>' ? '>=' : '<='} timestamptz ${pg.escapeLiteral(time)}
    and (e.time, e.id) ${sign} (timestamptz ${pg.escapeLiteral(time)}, uuid ${pg.escapeLiteral(id)})`;

// Rows that the database still has in between belong there too: an event that was sent again after it was archived (once), and
// one that was past an earlier, shorter retention.
function batchSource(batch: ArchivedRow[], after: EventKey | undefined, last: EventKey): string {
  const between = [keyed('<=', last), ...(after ? [keyed('>', after)] : [])].join(' and ');
  return `with archived as materialized (${archivedRecords(pg.escapeLiteral(JSON.stringify(batch)))})
    select time, id, received_at, type, source, event_id, subject, outcome, duration_ms, bytes, data, attributes from archived
    union all
    select time, id, received_at, type, source, event_id, subject, outcome, duration_ms, bytes, data, attributes from app.events e
    where ${between} and not exists (select from archived a where a.time = e.time and a.id = e.id)`;
}
