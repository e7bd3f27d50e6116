import { v7 as uuidv7 } from 'uuid';
import type { EventRow } from '../../sql/events/events.ts';

export type RequestRecord = { route: string; method: string; status: number; milliseconds: number };

export type Telemetry = {
  record: (request: RequestRecord) => void;
  /** Stores the remaining events. */
  close: () => Promise<void>;
};

type Options = {
  /** Returns the id of the operations tenant's key, under which the events are stored. Called once. */
  findKey: () => Promise<string>;
  store: (rows: EventRow[]) => Promise<unknown>;
  /** Called for events that could not be stored: customers' events have priority over telemetry. */
  onDrop: (events: number, reason: string) => void;
};

const MAX_WAITING = 20_000;

/** Turns the API's own requests into events of the operations tenant, once a second, through the same group commit. */
export function createTelemetry(options: Options): Telemetry {
  let key: Promise<string> | undefined;
  let waiting: (RequestRecord & { at: number })[] = [];

  async function flush(): Promise<void> {
    const records = waiting;
    if (records.length === 0) return;
    waiting = [];
    try {
      key ??= options.findKey();
      const keyId = await key.catch((error) => {
        key = undefined;
        throw error;
      });
      await options.store(records.map((record) => rowOf(record, keyId)));
    } catch (error) {
      options.onDrop(records.length, (error as Error).message);
    }
  }

  const timer = setInterval(() => void flush(), 1000).unref();

  return {
    record(request) {
      if (waiting.length < MAX_WAITING) waiting.push({ ...request, at: Date.now() });
      else options.onDrop(1, 'too many waiting');
    },
    async close() {
      clearInterval(timer);
      await flush();
    },
  };
}

function rowOf({ route, method, status, milliseconds, at }: RequestRecord & { at: number }, keyId: string): EventRow {
  const durationMs = Math.round(milliseconds * 1000) / 1000;
  const outcome = status < 500 ? 'success' : 'failure';
  const data = JSON.stringify({ route, method, status, duration_ms: durationMs, outcome });
  return {
    keyId,
    id: uuidv7(),
    time: at * 1000,
    type: 'mirante.http.request.v1',
    source: 'mirante',
    eventId: null,
    subject: null,
    outcome,
    durationMs,
    bytes: data.length,
    data,
    attributes: null,
  };
}
