import { expect } from 'vitest';
import type { TestApi } from '../support/api.ts';
import type { TestTenant } from '../support/harness.ts';

/** The slug of a public service that stands for every slug in the path of a call. */
export const SERVICE = 'validations-overview';

export type ServiceSide = {
  commentId: string;
  /** The first of two reports. */
  reportId: string;
  /** Transactions on paper of a month. */
  paper: number;
};

/** A tenant's public services, with two comments, counts of a month, a connector, and two reports that are not published. */
export async function settleService(
  api: TestApi,
  { keys }: TestTenant,
  mark: string,
  makeReports: () => Promise<unknown>,
): Promise<ServiceSide> {
  // The first has the slug that stands for every slug below; its name is public, on its form.
  for (const [slug, name] of Object.entries({ [SERVICE]: 'Service', [`${SERVICE}-2`]: mark }))
    expect((await api.call('PUT', `/v1/services/${slug}`, keys.tenant_admin, { name })).status).toBe(201);
  for (const n of [1, 2]) {
    const feedback = { service: SERVICE, rating: n, comment: `${mark} ${n}` };
    expect((await api.call('POST', '/v1/feedback', keys.ingest, feedback)).status).toBe(202);
  }
  const paper = Math.round(1e6 + Math.random() * 8e6);
  const own = `/v1/services/${SERVICE}`;
  expect((await api.call('PUT', `${own}/channels/2026-01`, keys.tenant_admin, { paper })).status).toBe(201);
  const connector = { url: `https://${mark}.invalid/{period}`, mapping: { paper: '/paper' } };
  expect((await api.call('PUT', `${own}/connector`, keys.tenant_admin, connector)).status).toBe(200);
  const report = { service: SERVICE, period: '2026-01' };
  const asked = async () => (await api.call('POST', '/v1/performance-reports', keys.tenant_admin, report)).body.id;
  const [reportId] = [await asked(), await asked()];
  await makeReports();
  const comments = await api.call('GET', `/v1/services/${SERVICE}/comments`, keys.tenant_admin);
  const commentId: string = comments.body.data[0].id;
  return { commentId, reportId, paper };
}

/** Bodies of calls about services. */
export const SERVICE_BODIES: Record<string, (side: { slug: string }) => unknown> = {
  'put /v1/services/{slug}': () => ({ name: 'Mine' }),
  'put /v1/services/{slug}/channels/{period}': () => ({ paper: 1 }),
  'post /v1/services/{slug}/channels': () => 'period,paper\n2026-02,1\n',
  'put /v1/services/{slug}/connector': () => ({ url: 'https://mine.invalid/{period}', mapping: { paper: '/paper' } }),
  'post /v1/performance-reports': () => ({ service: SERVICE, period: '2026-01' }),
  'post /v1/feedback': ({ slug }) => ({ service: `${slug}/${SERVICE}`, rating: 5 }),
};
