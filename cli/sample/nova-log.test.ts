import { describe, expect, it } from 'vitest';
import { digestOf, novaEvents, parseNovaLog, routeOf } from './nova-log.ts';

const PREFIX = 'nova-api.log.1.2017-05-16_13:53:08';
const LINES = [
  `${PREFIX} 2017-05-16 00:00:00.008 25746 INFO nova.osapi [req-1 - - -] 10.11.10.1 "GET /v2/54fadb412c4e40cdbaed9335e4c35a9e/servers/detail?a=1 HTTP/1.1" status: 200 len: 1893 time: 0.2477829`,
  'nova-compute.log.1 2017-05-16 00:00:04.500 2931 INFO nova.compute.manager [instance: b9000564] VM Started',
  `${PREFIX} 2017-05-16 00:00:10.279 25743 INFO nova.api [req-2 - - -] Creating event network-vif-plugged`,
  `${PREFIX} 2017-05-16 00:00:20.500 25743 INFO nova.osapi [req-3 - - -] 10.11.10.1 "POST /v2/54fadb412c4e40cdbaed9335e4c35a9e/servers HTTP/1.1" status: 503 len: 10 time: 1.5`,
].join('\n');

describe('a nova-api log', () => {
  it('has one event for each request, and none for other lines', () => {
    const events = [...novaEvents(parseNovaLog(LINES), digestOf(Buffer.from(LINES)), 1000)].map((line) => JSON.parse(line));
    expect(events.map((event) => [event.time, event.data])).toEqual([
      [
        '2017-05-16T00:00:01.008Z',
        { route: '/v2/:id/servers/detail', method: 'GET', status: 200, duration_ms: 247.7829, outcome: 'success' },
      ],
      [
        '2017-05-16T00:00:21.500Z',
        { route: '/v2/:id/servers', method: 'POST', status: 503, duration_ms: 1500, outcome: 'failure' },
      ],
    ]);
    expect(events.map((event) => event.id.split('-')[1])).toEqual(['1', '4']);
  });

  it.each([
    ['/v2/54fadb412c4e40cdbaed9335e4c35a9e/servers/b9000564-fe1a-409b-b8cc-1e88b294cd1d', '/v2/:id/servers/:id'],
    ['/v2/54fadb412c4e40cdbaed9335e4c35a9e/flavors/2', '/v2/:id/flavors/:id'],
    ['/openstack/2013-10-17/meta_data.json', '/openstack/2013-10-17/meta_data.json'],
  ])('names the route of %s', (path, route) => {
    expect(routeOf(path)).toBe(route);
  });
});
