import type { Client } from '../database/db.ts';

export const MODES = ['observe', 'quarantine', 'reject'] as const;
export type Mode = (typeof MODES)[number];

export const SUBJECTS = ['pseudonymised', 'plain'] as const;

/** LGPD art. 7, I to X. */
export const LEGAL_BASES = [
  'consent',
  'legal_obligation',
  'public_policy',
  'research',
  'contract',
  'legal_claims',
  'protection_of_life',
  'health_protection',
  'legitimate_interest',
  'credit_protection',
] as const;

/** A record of processing (LGPD art. 37). */
export type Processing = {
  purpose: string;
  legal_basis: (typeof LEGAL_BASES)[number];
  data_categories: string[];
  data_subjects?: string[] | undefined;
  retention_days?: number | undefined;
  storage_country: string;
  recipients?: string[] | undefined;
};

export type EventType = {
  type: string;
  version: number;
  schema: Record<string, unknown>;
  mode: Mode;
  description: string | null;
  /** JSON Pointers into `data`. */
  personal_fields: string[];
  subject: (typeof SUBJECTS)[number];
  processing: Processing | null;
  created_at: Date;
};

const COLUMNS = 'type, version, schema, mode, description, personal_fields, subject, processing, created_at';

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

/** Adds a version. Throws a unique violation if another request added that version first. */
export async function addEventType(client: Client, tenantId: string, added: Omit<EventType, 'created_at'>): Promise<EventType> {
  const result = await client.query<EventType>(
    `insert into app.event_types
       (tenant_id, type, version, schema, mode, description, personal_fields, subject, processing)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning ${COLUMNS}`,
    [
      tenantId,
      added.type,
      added.version,
      JSON.stringify(added.schema),
      added.mode,
      added.description,
      added.personal_fields,
      added.subject,
      added.processing && JSON.stringify(added.processing),
    ],
  );
  return result.rows[0] as EventType;
}
