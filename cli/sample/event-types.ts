import type { ApiClient } from '../client.ts';

const count = { type: 'integer', minimum: 0 };
const text = { type: 'string', minLength: 1, maxLength: 200 };
const outcome = { enum: ['success', 'failure'] };
const duration = { type: 'number', minimum: 0 };

const object = (properties: Record<string, unknown>, required: string[]) => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  properties,
  required,
});

const processing = (legal_basis: 'contract' | 'legitimate_interest', purpose: string, ...data_categories: string[]) => ({
  purpose,
  legal_basis,
  data_categories,
  data_subjects: ['people who work with catalogues'],
  retention_days: 90,
  storage_country: 'BR',
});

type Registered = { description: string; schema: object; processing: ReturnType<typeof processing> };

/** Event types of the first customer, with the schema of `data` and the reason for processing. */
export const EVENT_TYPES: Record<string, Registered> = {
  'br.validahub.validation.completed.v1': {
    description: 'A catalogue file was checked against the rules of a marketplace.',
    processing: processing('contract', 'Show each seller the quality of the catalogues.', 'usage', 'catalogue'),
    schema: object(
      {
        marketplace: text,
        rows: count,
        errors: count,
        warnings: count,
        duration_ms: duration,
        outcome,
        rules: { type: 'object', additionalProperties: count },
      },
      ['marketplace', 'rows', 'errors', 'warnings', 'duration_ms', 'outcome'],
    ),
  },
  'br.validahub.correction.applied.v1': {
    description: 'Rows that broke one rule were corrected.',
    processing: processing('contract', 'Show each seller what was corrected.', 'usage', 'catalogue'),
    schema: object({ marketplace: text, rule: text, rows: count }, ['marketplace', 'rule', 'rows']),
  },
  'br.validahub.export.downloaded.v1': {
    description: 'A corrected file was downloaded.',
    processing: processing('contract', 'Show each seller what was delivered.', 'usage', 'catalogue'),
    schema: object({ marketplace: text, format: { enum: ['csv', 'xlsx'] }, rows: count, duration_ms: duration, outcome }, [
      'marketplace',
    ]),
  },
  'br.validahub.job.failed.v1': {
    description: 'A background job ended with an error.',
    processing: processing('legitimate_interest', 'Find and mend failures of the service.', 'diagnostics'),
    schema: object({ marketplace: text, job: text, reason: text, outcome }, ['job', 'reason']),
  },
};

/** Registers the types that the tenant lacks, in mode `observe`: a mismatch is recorded, never refused. */
export async function ensureEventTypes(tenantAdmin: ApiClient): Promise<void> {
  for (const [type, registered] of Object.entries(EVENT_TYPES)) {
    const path = `/v1/event-types/${type}`;
    const found = await tenantAdmin.call('GET', path);
    if (found.status === 404) await tenantAdmin.ask('PUT', path, { mode: 'observe', ...registered });
  }
}
