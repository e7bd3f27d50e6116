import { v7 as uuidv7 } from 'uuid';
import type { Client } from '../database/db.ts';

/** What the operator says of an incident. */
export type IncidentInput = {
  title: string;
  description: string;
  data_categories: string[];
  tenant_ids: string[];
  /** How many people it concerns, as far as known. */
  people: number | null;
  measures: string | null;
  /** Whether people may suffer relevant risk or damage: then they and the authority must be notified. */
  is_risk: boolean;
  occurred_at: Date | null;
  known_at: Date;
  authority_notified_at: Date | null;
  people_notified_at: Date | null;
  closed_at: Date | null;
};

/** An entry of the register of incidents, with its clocks. */
export type Incident = IncidentInput & { id: string; notify_by: Date; created_at: Date; kept_until: Date };

/** The incidents of the platform, newest first. */
export async function listIncidents(client: Client, before: string | undefined, limit: number): Promise<Incident[]> {
  return (await client.query<Incident>('select * from door.incidents($1, $2)', [before ?? null, limit])).rows;
}

export async function findIncident(client: Client, id: string): Promise<Incident | undefined> {
  return (await client.query<Incident>('select * from door.incident($1)', [id])).rows[0];
}

export async function createIncident(client: Client, given: Partial<IncidentInput>): Promise<Incident> {
  const { rows } = await client.query<Incident>('select * from door.save_incident($1, $2, true)', [
    uuidv7(),
    JSON.stringify(given),
  ]);
  return rows[0] as Incident;
}

/** Changes what is given; undefined if there is no such incident. */
export async function changeIncident(client: Client, id: string, given: Partial<IncidentInput>): Promise<Incident | undefined> {
  return (await client.query<Incident>('select * from door.save_incident($1, $2, false)', [id, JSON.stringify(given)])).rows[0];
}
