import dns from 'node:dns/promises';
import { syncBuiltinESMExports } from 'node:module';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { webhookSecret } from '../../lib/webhook-secret.ts';
import { cleanUp } from '../../test/support/clean-up.ts';
import { asThePathSays, useReceiver } from '../../test/support/receiver.ts';
import { sendWebhook } from './send-webhook.ts';

// Names that end in .test are resolved here, because tests must not ask a name server.
const NAMES: Record<string, string[]> = {
  'inside.test': ['127.0.0.1'],
  'both.test': ['93.184.215.14', '127.0.0.1'],
  'mapped.test': ['::ffff:127.0.0.1'],
  'compatible.test': ['::127.0.0.1'],
  'both-families.test': ['2606:2800:21f:cb07:6820:80da:af6b:8b2c', '::a9fe:a9fe'],
};
const { lookup } = dns;
const answering = async (name: string, options: { all: true }) =>
  NAMES[name]?.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })) ?? lookup(name, options);
setLookup(answering as typeof lookup);
cleanUp(() => setLookup(lookup));

function setLookup(found: typeof lookup): void {
  dns.lookup = found;
  syncBuiltinESMExports();
}

const ID = '019aa0a0-0000-7000-8000-000000000000';
const [NEW, OLD, OTHER] = [2, 1, 3].map((version) => webhookSecret('s'.repeat(32), ID, version)) as [string, string, string];
const LOOPBACK = ['127.0.0.0/8'];

const receiver = await useReceiver(asThePathSays);

const send = (url: string, allowed: string[] = LOOPBACK, secrets = [NEW]) =>
  sendWebhook({ url, id: ID, body: '{"type":"alert.test","é":1}', secrets }, allowed);

test('is signed so that the Standard Webhooks package accepts it, with each secret', async () => {
  expect(await send(`${receiver.url}/204`, LOOPBACK, [NEW, OLD])).toEqual({ status: 204 });
  const { headers, body } = receiver.received.at(-1) as (typeof receiver.received)[number];
  for (const secret of [NEW, OLD])
    expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toEqual({ type: 'alert.test', é: 1 });
  expect(() => new Webhook(OTHER).verify(body, headers as Record<string, string>)).toThrow('No matching signature');
  expect(() => new Webhook(NEW).verify(`${body} `, headers as Record<string, string>)).toThrow('No matching signature');
  expect(headers).toMatchObject({ 'webhook-id': ID, 'content-type': 'application/json', 'user-agent': 'Mirante' });
  expect(new Set([NEW, OLD, OTHER]).size).toBe(3);
});

test('no redirect is followed', async () => {
  const before = receiver.received.length;
  expect(await send(`${receiver.url}/302`)).toEqual({ status: 302 });
  expect(receiver.received.length).toBe(before + 1);
});

test('an unreachable target returns the system’s error code', async () => {
  const gone = await useReceiver(asThePathSays);
  await gone.close();
  expect(await send(gone.url)).toEqual({ error: 'ECONNREFUSED' });
  expect(await send('https://no-such-host.invalid/')).toEqual({ error: expect.stringMatching(/^E[A-Z_]+$/) });
});

test('a target that does not answer is abandoned after fifteen seconds', async () => {
  const start = performance.now();
  expect(await send(`${receiver.url}/hang`)).toEqual({ error: 'timeout' });
  expect(performance.now() - start).toBeGreaterThan(14_900);
}, 30_000);

describe('nothing reaches a private network that is not allowed', () => {
  const HOSTS = [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '0.0.0.0',
    '0',
    '[::]',
    '169.254.169.254',
    '[fd00:ec2::254]',
    '[::ffff:169.254.169.254]',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '[fe80::1]',
    '[fc00::1]',
    '[::127.0.0.1]',
    '[::a9fe:a9fe]',
    '[::ffff:0:7f00:1]',
    '[64:ff9b::7f00:1]',
    '[64:ff9b:1::7f00:1]',
    '[2002:7f00:1::]',
    '[2001:0:7f00:1::]',
    '[2001:db8::1]',
    '[3fff::1]',
    '[fec0::1]',
    '[ff02::1]',
    '[100::1]',
    '[100:0:0:1::1]',
    '[5f00::1]',
    '[0:0:1::]',
    '[4000::1]',
    '224.0.0.1',
    '255.255.255.255',
    'localhost',
    'inside.test',
    'both.test',
    'mapped.test',
    'compatible.test',
    'both-families.test',
  ];
  test.each(HOSTS)('%s', async (host) => {
    const { port } = new URL(receiver.url);
    const before = receiver.connections();
    expect(await send(`https://${host}:${port}/200`, [])).toEqual({ error: 'private-network' });
    expect(await send(`https://${host}:${port}/200`, ['10.9.0.0/16', 'fd99::/16'])).toEqual({ error: 'private-network' });
    expect(await send(`http://${host}:${port}/200`, ['10.9.0.0/16'])).toEqual({ error: 'not-encrypted' });
    expect(receiver.connections()).toBe(before);
  });

  test('and nothing goes to a public address without encryption', async () => {
    expect(await send('http://93.184.215.14/', LOOPBACK)).toEqual({ error: 'not-encrypted' });
  });

  test('addresses in an allowed block are reached, by name and mapped too', async () => {
    const { port } = new URL(receiver.url);
    for (const host of ['127.0.0.1', 'inside.test', '[::ffff:127.0.0.1]', 'mapped.test']) {
      expect([host, await send(`http://${host}:${port}/200`)]).toEqual([host, { status: 200 }]);
    }
    // The certificate is still checked.
    expect(await send(`https://127.0.0.1:${port}/200`)).toEqual({ error: expect.stringMatching(/^E(PROTO|RR_SSL)/) });
  });
});
