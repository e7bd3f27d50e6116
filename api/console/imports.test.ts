import { expect, test } from 'vitest';
import { signedIn } from '../../test/support/admin-console.ts';
import { makeTenant, useDatabase } from '../../test/support/harness.ts';
import { useVault } from '../../test/support/imports.ts';

const db = await useDatabase();
const { api, run, send } = await useVault(db);
const tenant = await makeTenant(db);
const { ingest } = tenant.keys;
const admin = await signedIn(api, tenant);
const at = new Date(Date.now() - 60_000).toISOString();
const MAPPING = { type: { value: 'com.example.order.v1' }, id: 'order', time: 'at' };
const NUMBERS = { mapping: JSON.stringify({ ...MAPPING, numbers: ['amount'] }), policy: '' };

test('a document shows its findings and lineage, is read again, and its difference is applied and undone', async () => {
  const body = `order,at,amount\n1,${at},5\n2,${at},6\n<b>,${at}\n`;
  const kept = await send(ingest, 'text/csv', body, { mapping: JSON.stringify(MAPPING), source: 'night <batch>' });
  const list = await admin.get('/app/imports?status=imported&media_type=text/csv');
  expect(list.text).toContain('night &lt;batch&gt;');
  expect((await admin.get('/app/imports?status=rejected')).text).not.toContain('night');
  expect((await admin.get('/app/imports?event=1&event_source=import')).text).toContain(kept.id);
  const one = await admin.get(`/app/imports/${kept.id}`);
  expect(one.text).toContain('column-count');
  expect(one.text).toContain(`/app/events?import=${kept.id}`);
  expect(one.text).toContain(kept.sha256);

  const asked = await admin.post(`/app/imports/${kept.id}/reprocess`, NUMBERS);
  const path = asked.location as string;
  expect((await admin.get(path)).text).toMatch(/data-unfinished.*<progress/s);
  await run();
  const trial = await admin.get(path);
  expect(trial.text).toContain('{&quot;data&quot;:{&quot;amount&quot;:&quot;5&quot;}}');
  const csv = await admin.get(`${path}/csv`);
  expect(csv.headers.get('content-disposition')).toContain('.csv');
  expect(csv.text.trim().split('\r\n')).toHaveLength(3);

  const applied = (await admin.post(`${path}/apply`)).location as string;
  await run();
  expect((await admin.get(applied)).text).toContain('Applied');
  const amounts = async () =>
    (await api.call('GET', '/v1/events', tenant.keys.read)).body.data.map(({ data }: { data: object }) => data).sort();
  expect(await amounts()).toContainEqual({ amount: 5 });
  const undo = (await admin.post(`${applied}/undo`)).location as string;
  await run();
  const back = (await admin.post(`${undo}/apply`)).location as string;
  await run();
  expect((await admin.get(back)).text).toContain('undoes another run');
  expect(await amounts()).toContainEqual({ amount: '5' });
  expect((await admin.get(`/app/imports/${kept.id}`)).text).toContain(`/app/imports/runs/${back.split('/').at(-1)}`);
});

test('several documents are read again; what was typed stays where it is refused', async () => {
  const wrong = await admin.post('/app/imports/runs', {
    media_type: 'text/csv',
    from: '2020-01-01',
    to: '',
    mapping: '{"type"',
  });
  expect(wrong.status).toBe(422);
  expect(wrong.text).toContain('{&quot;type&quot;</textarea>');
  expect(wrong.text).toContain('value="2020-01-01"');
  expect(wrong.text).toMatch(/aria-invalid="true"/);
  const asked = await admin.post('/app/imports/runs', { media_type: 'text/csv', from: '2020-01-01', to: '', mapping: '' });
  await run();
  expect((await admin.get(asked.location as string)).text).toContain('Nothing changes.');
});

test('other tenants’ documents are not there, and a viewer sees no page', async () => {
  const rival = await makeTenant(db);
  const theirs = await send(rival.keys.ingest, 'text/csv', 'type\na.b.v1\n');
  expect((await admin.get(`/app/imports/${theirs.id}`)).status).toBe(404);
  await admin.post(`/app/imports/${theirs.id}/reprocess`, NUMBERS);
  expect((await api.call('GET', '/v1/imports/reprocess', rival.keys.tenant_admin)).body.data).toEqual([]);
  expect((await (await signedIn(api, tenant, tenant.keys.read)).get('/app/imports')).status).toBe(403);
});
