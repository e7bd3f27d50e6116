import type { Pool } from '../database/db.ts';
import type { Measures, MissingInput, ReportChange, ReportMethod } from './reports.ts';

type PublishedService = {
  tenant: string;
  tenant_name: string;
  /** ISO 3166 code of the tenant's country. */
  country: string | null;
  service: string;
  service_name: string;
  locales: string[];
};

/** One published revision of a period. */
export type PublishedReport = PublishedService & {
  period: string;
  revision: number;
  published_at: Date;
  completed_at: Date;
  measures: Measures;
  method: ReportMethod;
  missing: MissingInput[];
  changes: ReportChange[];
};

/** A service in the catalogue. */
export type CatalogueEntry = PublishedService & { first_period: string; last_period: string; issued: Date; modified: Date };

/** Every revision that a service has published and not withdrawn, newest period and revision first. */
export async function publishedReports(pool: Pool, tenant: string, service: string): Promise<PublishedReport[]> {
  return (await pool.query<PublishedReport>('select * from door.published_reports($1, $2)', [tenant, service])).rows;
}

/** Every service of every tenant that has published something. */
export async function publishedServices(pool: Pool): Promise<CatalogueEntry[]> {
  return (await pool.query<CatalogueEntry>('select * from door.published_services()')).rows;
}
