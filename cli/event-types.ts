import type { Client } from './client.ts';

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

/** Event types of the first customer, with what each `data` must hold. */
export const EVENT_TYPES: Record<string, { description: string; schema: object }> = {
  'br.validahub.validation.completed.v1': {
    description: 'A catalogue file was checked against the rules of a marketplace.',
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
    schema: object({ marketplace: text, rule: text, rows: count }, ['marketplace', 'rule', 'rows']),
  },
  'br.validahub.export.downloaded.v1': {
    description: 'A corrected file was downloaded.',
    schema: object({ marketplace: text, format: { enum: ['csv', 'xlsx'] }, rows: count, duration_ms: duration, outcome }, [
      'marketplace',
    ]),
  },
  'br.validahub.job.failed.v1': {
    description: 'A background job ended with an error.',
    schema: object({ marketplace: text, job: text, reason: text, outcome }, ['job', 'reason']),
  },
};

/** Registers the types that the tenant does not have yet, in mode `observe`: what does not fit is noted, never refused. */
export async function ensureEventTypes(tenantAdmin: Client): Promise<void> {
  for (const [type, { description, schema }] of Object.entries(EVENT_TYPES)) {
    const path = `/v1/event-types/${type}`;
    const found = await tenantAdmin.call('GET', path);
    if (found.status === 404) await tenantAdmin.ask('PUT', path, { schema, mode: 'observe', description });
  }
}
