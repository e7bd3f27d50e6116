import { expect, test } from 'vitest';
import { type Answer, type Json, useApi } from '../../test/support/api.ts';
import { makeTenant, useDatabase } from '../../test/support/harness.ts';

const db = await useDatabase();
const api = await useApi(db);

const idsOf = ({ body }: Answer) => body.data.map(({ id }: Json) => id).toSorted();

test('a list takes several values of each filter, and the empty one for what is not set', async () => {
  const who = await makeTenant(db);
  const one = (id: string, source: string, data: object) => ({
    id,
    type: 'test.sent.v1',
    source,
    time: new Date().toISOString(),
    data,
  });
  const sent = [
    one('1', 'a', { outcome: 'success', marketplace: 'shopee' }),
    one('2', 'b', { outcome: 'failure', marketplace: 'amazon' }),
    one('3', 'c', { marketplace: `${'ü'.repeat(250)}` }),
    one('4', 'a', {}),
  ];
  expect((await api.call('POST', '/v1/events', who.keys.ingest, sent)).body.accepted).toBe(4);
  const found = async (query: string) => idsOf(await api.call('GET', `/v1/events?${query}`, who.keys.read));
  expect(await found('filter[source]=a')).toEqual(['1', '4']);
  expect(await found('filter[source]=a&filter[source]=c')).toEqual(['1', '3', '4']);
  expect(await found('filter[outcome]=failure')).toEqual(['2']);
  expect(await found('filter[outcome]=failure&filter[outcome]=')).toEqual(['2', '3', '4']);
  expect(await found('filter[marketplace]=shopee&filter[marketplace]=')).toEqual(['1', '4']);
  expect(await found(`filter[marketplace]=${'ü'.repeat(200)}`)).toEqual(['3']);
  expect(await found('filter[source]=a&filter[outcome]=success&filter[marketplace]=shopee')).toEqual(['1']);
  const many = Array.from({ length: 51 }, (_, n) => `filter[source]=${n}`).join('&');
  expect((await api.call('GET', `/v1/events?${many}`, who.keys.read)).status).toBe(400);
});

test('a page with a filter looks at 50,000 events, may be empty, and goes on behind them', async () => {
  const who = await makeTenant(db);
  await db.owner.query(
    `insert into private.events (tenant_id, time, id, received_at, type, source, bytes)
     select $1, now() - n * interval '1 millisecond', gen_random_uuid(), now(), 'test.many.v1', case when n in (1, 50000, 50001, 100002) then 'rare' else 'usual' end, 1
     from generate_series(1, 100002) n`,
    [who.id],
  );
  const pages: number[] = [];
  for (let cursor = ''; pages.length < 9; ) {
    const { body } = await api.call('GET', `/v1/events?filter[source]=rare${cursor}`, who.keys.read);
    pages.push(body.data.length);
    if (body.next_cursor === null) break;
    cursor = `&cursor=${body.next_cursor}`;
  }
  expect(pages).toEqual([2, 1, 1]);
  const { body } = await api.call('GET', '/v1/events?filter[source]=nobody', who.keys.read);
  expect([body.data, typeof body.next_cursor]).toEqual([[], 'string']);
  expect((await api.call('GET', '/v1/events?limit=1', who.keys.read)).body.data).toHaveLength(1);
});
