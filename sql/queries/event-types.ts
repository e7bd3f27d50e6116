import type { Client } from '../db.ts';

export const MODES = ['observe', 'quarantine', 'reject'] as const;
export type Mode = (typeof MODES)[number];

export type EventType = {
  type: string;
  version: number;
  schema: Record<string, unknown>;
  mode: Mode;
  description: string | null;
  created_at: Date;
};

const COLUMNS = 'type, version, schema, mode, description, created_at';

/** The newest version of each of the tenant's types, by name. */
export async function listEventTypes(client: Client, after: string | undefined, limit: number): Promise<EventType[]> {
  const result = await client.query<EventType>(
    `select distinct on (type) ${COLUMNS} from app.event_types
     where $1::text is null or type > $1 order by type, version desc limit $2`,
    [after ?? null, limit],
  );
  return result.rows;
}

/** The newest version of one type. */
export async function findEventType(client: Client, type: string): Promise<EventType | undefined> {
  const result = await client.query<EventType>(
    `select ${COLUMNS} from app.event_types where type = $1 order by version desc limit 1`,
    [type],
  );
  return result.rows[0];
}

/** Adds a version. Throws a unique violation where another request added that version first. */
export async function addEventType(client: Client, tenantId: string, added: Omit<EventType, 'created_at'>): Promise<EventType> {
  const result = await client.query<EventType>(
    `insert into app.event_types (tenant_id, type, version, schema, mode, description)
     values ($1, $2, $3, $4, $5, $6) returning ${COLUMNS}`,
    [tenantId, added.type, added.version, JSON.stringify(added.schema), added.mode, added.description],
  );
  return result.rows[0] as EventType;
}
