import type { TestApi } from '../support/api.ts';
import type { TestTenant } from '../support/harness.ts';
import { MARKR, sheetOf } from '../support/imports.ts';

export type DocumentSide = { importId: string; runId: string };

/** A tenant's vault: two documents of events, two runs that read one again, and two documents of test results. */
export async function settleDocuments(
  api: TestApi,
  { keys: { ingest, tenant_admin } }: TestTenant,
  { mark, type }: { mark: string; type: string },
): Promise<DocumentSide> {
  const keep = () => api.call('POST', `/v1/imports?source=${mark}`, ingest, `type\n${type}\n`, { 'content-type': 'text/csv' });
  const [importId] = [(await keep()).body.id, await keep()];
  const again = () => api.call('POST', `/v1/imports/${importId}/reprocess`, tenant_admin, { policy: mark });
  const [runId] = [(await again()).body.id, await again()];
  for (const id of [mark, `${mark}-2`]) await api.call('POST', '/import', ingest, sheetOf(id), MARKR);
  return { importId, runId };
}

/** Bodies of calls about documents. */
export const DOCUMENT_BODIES: Record<string, () => unknown> = {
  'post /import': () => sheetOf('mine'),
  'post /v1/imports': () => 'type\na.b.v1\n',
  'post /v1/imports/reprocess': () => ({ filter: {} }),
  'post /v1/imports/{id}/reprocess': () => ({}),
};
