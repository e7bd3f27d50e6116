import type { Client } from '../database/db.ts';

export const CHANNELS = ['online', 'paper', 'phone', 'other'] as const;
/** A way in which people use a service. */
export type Channel = (typeof CHANNELS)[number];

/** Languages of the feedback form. */
export const FORM_LOCALES = ['en', 'cy', 'pt-BR'] as const;
export type FormLocale = (typeof FORM_LOCALES)[number];

/** The types of the events with which journeys start and are completed, and the JSON Pointer to a journey's id. */
export type Journey = { started: string; completed: string; id: string };

/** Currency (ISO 4217), and what a channel costs in a month that gives no costs of its own. */
export type DefaultCosts = { currency: string } & { [channel in Channel]?: number | undefined };

/** A public service of a tenant, and the parameters of its measures. */
export type Service = {
  slug: string;
  /** Grows with every change: a figure names the revision that it was computed with. */
  revision: number;
  name: string;
  locales: FormLocale[];
  timezone: string;
  journey: Journey | null;
  draft_limit_days: number;
  channels: Channel[];
  /** Whether digital take-up counts those who were assisted. */
  assisted_digital: boolean;
  costs: DefaultCosts;
  comment_retention_days: number;
  created_at: Date;
  updated_at: Date;
};

export type ServiceInput = Omit<Service, 'slug' | 'revision' | 'created_at' | 'updated_at'>;

/** Columns of a Service, for queries on app.services and, by jobs, on private.services. */
export const SERVICE_COLUMNS = `slug, revision, name, locales, timezone,
  case when started is not null then jsonb_build_object('started', started, 'completed', completed, 'id', journey_id) end as journey,
  draft_limit_days, channels, assisted_digital, costs, comment_retention_days, created_at, updated_at`;

const SAME_JOURNEY =
  '(s.started, s.completed, s.journey_id) is not distinct from (excluded.started, excluded.completed, excluded.journey_id)';

/**
 * Creates or changes a service of the transaction's tenant. What is equal changes nothing. A change of its journey has the
 * journeys collected from all events again.
 */
export async function putService(
  client: Client,
  tenantId: string,
  slug: string,
  service: ServiceInput,
): Promise<{ service: Service; created: boolean }> {
  const { journey } = service;
  const before = await findService(client, slug);
  await client.query(
    `insert into app.services as s (tenant_id, slug, revision, name, locales, timezone, started, completed, journey_id, draft_limit_days, channels,
         assisted_digital, costs, comment_retention_days, created_at, updated_at)
     values ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, now(), now())
     on conflict (tenant_id, slug) do update set revision = s.revision + 1, name = excluded.name, locales = excluded.locales,
         timezone = excluded.timezone, started = excluded.started, completed = excluded.completed, journey_id = excluded.journey_id,
         draft_limit_days = excluded.draft_limit_days, channels = excluded.channels, assisted_digital = excluded.assisted_digital,
         costs = excluded.costs, comment_retention_days = excluded.comment_retention_days, updated_at = now(),
         journeys_to = case when ${SAME_JOURNEY} then s.journeys_to end, collected_to = case when ${SAME_JOURNEY} then s.collected_to end
     where (s.name, s.locales, s.timezone, s.started, s.completed, s.journey_id, s.draft_limit_days, s.channels, s.assisted_digital, s.costs,
             s.comment_retention_days)
         is distinct from (excluded.name, excluded.locales, excluded.timezone, excluded.started, excluded.completed, excluded.journey_id,
             excluded.draft_limit_days, excluded.channels, excluded.assisted_digital, excluded.costs, excluded.comment_retention_days)`,
    [
      tenantId,
      slug,
      service.name,
      service.locales,
      service.timezone,
      journey?.started ?? null,
      journey?.completed ?? null,
      journey?.id ?? null,
      service.draft_limit_days,
      service.channels,
      service.assisted_digital,
      JSON.stringify(service.costs),
      service.comment_retention_days,
    ],
  );
  return { service: (await findService(client, slug)) as Service, created: before === undefined };
}

/** A service of the transaction's tenant. */
export async function findService(client: Client, slug: string): Promise<Service | undefined> {
  const { rows } = await client.query<Service>(`select ${SERVICE_COLUMNS} from app.services where slug = $1`, [slug]);
  return rows[0];
}

/** Services of the transaction's tenant, by slug. */
export async function listServices(client: Client, after: string | undefined, limit: number): Promise<Service[]> {
  const { rows } = await client.query<Service>(
    `select ${SERVICE_COLUMNS} from app.services where ($1::text is null or slug > $1) order by slug limit $2`,
    [after ?? null, limit],
  );
  return rows;
}
