import { randomBytes } from 'node:crypto';
import { v7 } from 'uuid';
import { expect, test } from 'vitest';
import { PAGE_BYTES } from '../sql/database/page.ts';
import { quarantine } from '../sql/quarantine/quarantine.ts';
import { type Answer, type Json, useApi } from './support/api.ts';
import { makeTenant, useDatabase } from './support/harness.ts';

const MIB = 1024 * 1024;

const db = await useDatabase();
const api = await useApi(db);
const tenant = await makeTenant(db);

async function pages(path: string, key: string): Promise<Answer[]> {
  const walked: Answer[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const answer: Answer = await api.call('GET', `${path}${cursor && `&cursor=${cursor}`}`, key);
    expect(answer.status).toBe(200);
    expect(answer.headers.has('link')).toBe(answer.body.next_cursor !== null);
    walked.push(answer);
    cursor = answer.body.next_cursor;
  }
  return walked;
}

const idsOf = (walked: Answer[]) => walked.flatMap(({ body }) => body.data.map((row: Json) => row.id));
const newestFirst = async (table: string, time: string) =>
  (
    await db.owner.query<{ id: string }>(
      `select id from private.${table} where tenant_id = $1 order by ${time} desc, id desc`,
      [tenant.id],
    )
  ).rows.map(({ id }) => id);

test('long quarantined input is returned in pages of bounded size, each item once', async () => {
  const lengths = [5, 0.01, 5, 3, 4, 4, 0.01, 0, 5, 5, 2.5];
  for (const mib of lengths) {
    const raw = Buffer.from(randomBytes(Math.floor((mib * MIB) / 2)).toString('hex'));
    const row = { index: 0, status: 'rejected', code: 'invalid-json', detail: null, pointer: null, type: null, raw } as const;
    await quarantine(db.api, tenant.keyIds.ingest, [row]);
  }
  const walked = await pages('/v1/quarantine?limit=1000', tenant.keys.tenant_admin);
  expect(idsOf(walked)).toEqual(await newestFirst('quarantine', 'received_at'));
  expect(walked.map(({ body }) => body.data.length)).toEqual([2, 3, 2, 2, 2]);
  for (const { text } of walked) expect(text.length).toBeLessThan(PAGE_BYTES + MIB);
  expect(idsOf(await pages('/v1/quarantine?limit=2', tenant.keys.tenant_admin))).toEqual(idsOf(walked));

  const replayed = await api.call('POST', '/v1/quarantine/replay', tenant.keys.tenant_admin, { dry_run: true });
  expect(replayed.body).toMatchObject({ received: 2, rejected: 2 });
});

test('a row larger than the page limit is a page of its own', async () => {
  const other = await makeTenant(db);
  const raw = Buffer.alloc(PAGE_BYTES + 1, 'x');
  const row = { index: 0, status: 'rejected', code: 'invalid-json', detail: null, pointer: null, type: null, raw } as const;
  for (let n = 0; n < 3; n += 1) await quarantine(db.api, other.keyIds.ingest, [row]);
  const walked = await pages('/v1/quarantine?limit=10', other.keys.tenant_admin);
  expect(walked.map(({ body }) => body.data.length)).toEqual([1, 1, 1]);
});

test('long numbers are returned in pages of bounded size, each item once', async () => {
  const numbers = `{"n":[${'1e308,'.repeat(10_000)}0]}`;
  const event = (data: string) => `{"id":"${v7()}","type":"t.v1","data":${data}}`;
  for (let n = 0; n < 3; n += 1) {
    const sent = await api.call(
      'POST',
      '/v1/events',
      tenant.keys.ingest,
      `[${event(numbers)},${event('{}')},${event(numbers)}]`,
    );
    expect(sent.body).toMatchObject({ accepted: 3 });
  }
  const walked = await pages('/v1/events?limit=1000', tenant.keys.read);
  expect(idsOf(walked)).toEqual(await newestFirst('events', 'time'));
  expect(walked.length).toBeGreaterThan(2);
  for (const { text } of walked) expect(text.length).toBeLessThan(PAGE_BYTES + MIB);
});

test('many events of the maximum size are returned in pages of bounded size, each once', async () => {
  const other = await makeTenant(db);
  const event = () => ({ id: v7(), type: 't.v1', data: { text: randomBytes(30_000).toString('hex') } });
  for (let n = 0; n < 5; n += 1) {
    const sent = await api.call('POST', '/v1/events', other.keys.ingest, Array.from({ length: 60 }, event));
    expect(sent.body).toMatchObject({ accepted: 60 });
  }
  const walked = await pages('/v1/events?limit=1000', other.keys.read);
  expect(walked.map(({ body }) => body.data.length)).toEqual([139, 139, 22]);
  expect(new Set(idsOf(walked)).size).toBe(300);
});
