import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { SMTPServer } from 'smtp-server';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { webhookSecret } from '../../lib/webhook-secret.ts';
import { addDeliveries, claimDelivery, listDeliveries, messageOf } from '../../sql/alerts/deliveries.ts';
import type { Rule } from '../../sql/alerts/rules.ts';
import { withTenant } from '../../sql/database/db.ts';
import { makeTenant, testSecret, useDatabase } from '../../test/support/harness.ts';
import { asThePathSays, type Received, type Receiver, useReceiver } from '../../test/support/receiver.ts';
import { type DeliverDeps, deliverAlerts, RETRY_AFTER_SECONDS } from './deliver.ts';

const log = pino({ level: 'silent' });
const START = Date.now();

let answer: (response: ServerResponse, path: string) => void;
let receiver: Receiver;
let deps: DeliverDeps;
let rule: Rule;
let now: number;

const db = await useDatabase();
const acme = await makeTenant(db, { name: 'Açaí & Cia', locale: 'pt-BR', timezone: 'America/Sao_Paulo' });
beforeEach(async () => {
  now = START;
  answer = asThePathSays;
  receiver = await useReceiver((response, path) => answer(response, path));
  const config = { ALERTS_ALLOW_PRIVATE_NETWORKS: ['127.0.0.0/8'], ALERTS_FROM: undefined, SMTP_URL: undefined };
  deps = { pool: db.jobs, log, clock: () => new Date(now), secret: testSecret, config };
  await db.owner.query('delete from private.alert_endpoints; delete from private.alert_rules');
  rule = await makeRule('too <many> errors');
});

async function makeRule(name: string): Promise<Rule> {
  const { rows } = await db.owner.query<Rule>(
    `insert into private.alert_rules (id, tenant_id, name, enabled, metric, filter, condition, threshold, window_seconds, for_seconds,
         cool_down_seconds, no_data, notify)
     values (gen_random_uuid(), $1, $2, true, 'events.error_rate', '{"route": "/v1/é"}', 'above', 0.125, 600, 120, 300, 'ok', '{}') returning *`,
    [acme.id, name],
  );
  return rows[0] as Rule;
}

async function endpoint(target: string, kind = 'webhook', tenantId = acme.id): Promise<string> {
  const { rows } = await db.owner.query<{ id: string }>(
    'insert into private.alert_endpoints (id, tenant_id, kind, target) values (gen_random_uuid(), $1, $2, $3) returning id',
    [tenantId, kind, target],
  );
  return rows[0]?.id as string;
}

/** Adds a delivery for each endpoint; returns the ids of the deliveries. */
const notify = (
  endpoints: string[],
  type: 'alert.firing' | 'alert.recovered' | 'alert.test' = 'alert.firing',
  about = rule,
) => {
  const message = messageOf(type, about, { value: 0.5, since: new Date('2026-11-24T18:05:00Z') }, new Date(START));
  const rows = endpoints.map((endpointId) => ({ tenantId: acme.id, endpointId, message }));
  return withTenant(db.api, acme.id, (client) => addDeliveries(client, 'tenant', rows), 'login');
};

const deliver = () => deliverAlerts(deps);
const entries = () => withTenant(db.api, acme.id, (client) => listDeliveries(client, undefined, 100));
const only = async () => (await entries())[0];

test('a delivery arrives signed, with its id, and is recorded', async () => {
  const hook = await endpoint(`${receiver.url}/204`);
  const [id] = await notify([hook]);
  await deliver();
  const [got] = receiver.received;
  const message = new Webhook(webhookSecret(testSecret, hook, 1)).verify(
    got?.body ?? '',
    got?.headers as Record<string, string>,
  );
  expect(message).toEqual({
    type: 'alert.firing',
    timestamp: new Date(START).toISOString(),
    data: {
      rule: {
        id: rule.id,
        name: 'too <many> errors',
        metric: 'events.error_rate',
        filter: { route: '/v1/é' },
        condition: 'above',
        threshold: 0.125,
        window_seconds: 600,
        for_seconds: 120,
        no_data: 'ok',
      },
      value: 0.5,
      since: '2026-11-24T18:05:00.000Z',
    },
  });
  expect(got?.headers['webhook-id']).toBe(id);
  expect(await only()).toMatchObject({ id, status: 'delivered', attempts: 1, response_code: 204, error: null, due_at: null });
  await deliver();
  expect(receiver.received).toHaveLength(1);
});

test('after a rotation both secrets sign for a day', async () => {
  const hook = await endpoint(`${receiver.url}/200`);
  await db.owner.query('update private.alert_endpoints set secret_version = 2, old_secret_until = $1', [
    new Date(START + 1000),
  ]);
  const signedBy = () => {
    const { headers, body } = receiver.received.at(-1) as Received;
    return [1, 2, 3].filter((version) => {
      try {
        new Webhook(webhookSecret(testSecret, hook, version)).verify(body, headers as Record<string, string>);
        return true;
      } catch (error) {
        if (error instanceof WebhookVerificationError) return false;
        throw error;
      }
    });
  };
  await notify([hook]);
  await deliver();
  expect(signedBy()).toEqual([1, 2]);
  now += 1000;
  await notify([hook]);
  await deliver();
  expect(signedBy()).toEqual([2]);
});

test('a failed delivery is retried on schedule, with the same id and body, and then fails permanently', async () => {
  const hook = await endpoint(`${receiver.url}/503`);
  const [id] = await notify([hook]);
  const waits: number[] = [];
  await deliverOnce();
  for (let row = await only(); row?.status === 'waiting'; row = await only()) {
    waits.push(((row.due_at as Date).getTime() - now) / 1000);
    now = (row.due_at as Date).getTime() - 1;
    expect(await claimDelivery(db.jobs, new Date(now))).toBeUndefined();
    now += 1;
    await deliverOnce();
  }
  expect(waits).toEqual(RETRY_AFTER_SECONDS);
  expect(await only()).toMatchObject({ id, status: 'failed', attempts: 8, response_code: 503, error: 'status' });
  expect(new Set(receiver.received.map(({ headers, body }) => `${headers['webhook-id']} ${body}`)).size).toBe(1);
  expect(receiver.received).toHaveLength(8);

  // Stopped right after the first attempt, so that the test itself runs what is due in five seconds.
  async function deliverOnce(): Promise<void> {
    const stop = new AbortController();
    answer = (response, path) => {
      stop.abort();
      asThePathSays(response, path);
    };
    await deliverAlerts({ ...deps, signal: stop.signal });
  }
});

test('a run waits for a delivery that is due within seconds', async () => {
  let calls = 0;
  answer = (response) => {
    calls += 1;
    response.writeHead(calls === 1 ? 429 : 200).end();
  };
  await notify([await endpoint(receiver.url)]);
  await deliverAlerts({ ...deps, clock: () => new Date() });
  expect(await only()).toMatchObject({ status: 'delivered', attempts: 2 });
});

test('a deleted endpoint gets nothing any more', async () => {
  const hook = await endpoint(`${receiver.url}/410`);
  await notify([hook]);
  now += 1;
  await notify([hook]);
  await db.owner.query(
    "update private.alert_deliveries set due_at = due_at + interval '1 hour' where id = (select max(id::text)::uuid from private.alert_deliveries)",
  );
  await deliver();
  expect((await entries()).map(({ status, error, attempts }) => `${status} ${error} ${attempts}`)).toEqual([
    'failed gone 0',
    'failed gone 1',
  ]);
  const { rows } = await db.owner.query('select disabled_at from private.alert_endpoints');
  expect(rows).toEqual([{ disabled_at: new Date(now) }]);
});

test('another worker takes over a dead attempt after a minute, with the same id', async () => {
  const [id] = await notify([await endpoint(`${receiver.url}/200`)]);
  expect(await claimDelivery(db.jobs, new Date(now))).toMatchObject({ id, attempts: 1 });
  expect(await claimDelivery(db.jobs, new Date(now + 59_000))).toBeUndefined();
  now += 60_000;
  await deliver();
  expect(await only()).toMatchObject({ id, status: 'delivered', attempts: 2 });
});

test('after an endpoint has answered 410, its waiting deliveries are not sent', async () => {
  const waiting: ServerResponse[] = [];
  answer = (response) => void waiting.push(response);
  const hook = await endpoint(`${receiver.url}/hook`);
  await notify([hook]);
  await notify([hook]);
  const under = deliver();
  await expect.poll(() => waiting.length).toBe(2);
  waiting[0]?.writeHead(410).end();
  const disabled = () => db.owner.query('select from private.alert_endpoints where disabled_at is not null');
  await expect.poll(async () => (await disabled()).rowCount).toBe(1);
  waiting[1]?.writeHead(503).end();
  await under;
  // Added by a writer that did not know of the 410 yet.
  await notify([hook]);
  now += 86_400_000;
  await deliver();
  expect((await entries()).map(({ status, error }) => `${status} ${error}`)).toEqual(Array(3).fill('failed gone'));
  expect(receiver.received).toHaveLength(2);
});

test('many senders at once send each delivery once', async () => {
  await notify(await Promise.all(Array.from({ length: 40 }, () => endpoint(`${receiver.url}/200`))));
  await Promise.all([deliver(), deliver(), deliver()]);
  await deliver();
  expect(receiver.received).toHaveLength(40);
  expect((await entries()).every(({ status, attempts }) => status === 'delivered' && attempts === 1)).toBe(true);
});

test('a tenant with slow endpoints has five deliveries at a time, and does not block others', async () => {
  const rival = await makeTenant(db);
  const waiting: ServerResponse[] = [];
  answer = (response, path) => (path === '/slow' ? void waiting.push(response) : asThePathSays(response, path));
  await notify(await Promise.all(Array.from({ length: 12 }, () => endpoint(`${receiver.url}/slow`))));
  const under = deliver();
  await expect.poll(() => waiting.length, { timeout: 60_000 }).toBe(5);
  const theirs = await endpoint(`${receiver.url}/204`, 'webhook', rival.id);
  await db.owner.query(
    `insert into private.alert_deliveries (id, tenant_id, endpoint_id, type, message, created_at, due_at)
     values (gen_random_uuid(), $1, $2, 'alert.test', '{}', $3, $3)`,
    [rival.id, theirs, new Date(now)],
  );
  await deliver();
  expect(receiver.received.map(({ path }) => path)).toEqual([...Array(5).fill('/slow'), '/204']);
  answer = asThePathSays;
  for (const response of waiting) response.end();
  await under;
  expect((await entries()).map(({ status }) => status)).toEqual(Array(12).fill('delivered'));
});

describe('e-mail', () => {
  type Sent = { from: string; to: string[]; text: string };
  let server: SMTPServer;
  let sent: Sent[];
  let refusal: (Error & { responseCode?: number }) | undefined;

  beforeEach(async () => {
    sent = [];
    refusal = undefined;
    server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onRcptTo: (_address, _session, done) => done(refusal),
      onData(stream, { envelope }, done) {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          const from = envelope.mailFrom ? envelope.mailFrom.address : '';
          sent.push({ from, to: envelope.rcptTo.map(({ address }) => address), text: Buffer.concat(chunks).toString('utf8') });
          done();
        });
      },
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.server.address() as AddressInfo;
    deps.config = { ...deps.config, SMTP_URL: `smtp://127.0.0.1:${port}`, ALERTS_FROM: 'alerts@mirante.example' };
  });
  afterEach(() => new Promise<void>((done) => server.close(done)));

  /** Lines of the header, and each part decoded. */
  function read({ text }: Sent): { header: string; parts: string[] } {
    const [header, ...rest] = text.split('\r\n\r\n') as [string, ...string[]];
    const boundary = /boundary="([^"]+)"/.exec(header)?.[1] as string;
    const parts = rest.join('\r\n\r\n').split(`--${boundary}`).slice(1, -1);
    return { header: header.replace(/\r\n[ \t]+/g, ' '), parts: parts.map(decoded) };
  }
  function decoded(part: string): string {
    const [header, ...rest] = part.trim().split('\r\n\r\n') as [string, ...string[]];
    const body = rest.join('\r\n\r\n');
    if (/base64/i.test(header)) return Buffer.from(body, 'base64').toString('utf8');
    const bytes = body
      .replace(/=\r\n/g, '')
      .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
    return Buffer.from(bytes, 'latin1').toString('utf8');
  }
  const subjectOf = (header: string) => {
    const words = /^Subject: (.*)$/m.exec(header)?.[1] ?? '';
    return words
      .replace(/\?= =\?/g, '?==?')
      .replace(/=\?UTF-8\?Q\?(.*?)\?=/gi, (_, text) => decoded(`quoted\r\n\r\n${text.replaceAll('_', ' ')}`));
  };

  test('is in the tenant’s language and time zone, as text and as HTML', async () => {
    const [id] = await notify([await endpoint('ops@acme.example', 'email')]);
    await deliver();
    expect(await only()).toMatchObject({ id, status: 'delivered', attempts: 1, error: null });
    expect(sent).toMatchObject([{ from: 'alerts@mirante.example', to: ['ops@acme.example'] }]);
    const { header, parts } = read(sent[0] as Sent);
    expect(subjectOf(header)).toBe('[Mirante] Disparado: too <many> errors');
    expect(header).toMatch(/^From: Mirante <alerts@mirante.example>$/m);
    expect(header).toContain(`Message-ID: <${id}@mirante.example>`);
    expect(header).toContain('Auto-Submitted: auto-generated');
    expect(parts[0]?.replaceAll('\r\n', '\n').trim()).toBe(
      [
        'Regra: too <many> errors',
        'Métrica: events.error_rate',
        'acima de 0,125, nos últimos 10 minutos, durante 2 minutos',
        'Filtro: route = /v1/é',
        'Valor: 0,5',
        'Desde: 24 de nov. de 2026, 15:05 (America/Sao_Paulo)',
        'Cliente: Açaí & Cia',
      ].join('\n'),
    );
    expect(parts[1]).toContain('too &lt;many&gt; errors');
    expect(parts[1]).toContain('Açaí &amp; Cia');
    expect(parts[1]).not.toContain('<many>');
  });

  test('in English: of a recovery and of a test', async () => {
    await db.owner.query("update private.tenants set locale = 'en', timezone = 'UTC' where id = $1", [acme.id]);
    const to = [await endpoint('ops@acme.example', 'email')];
    await notify(to, 'alert.recovered');
    await deliver();
    await notify(to, 'alert.test');
    await deliver();
    const [recovered, tested] = sent.map(read);
    expect([recovered, tested].map((mail) => subjectOf(mail?.header ?? ''))).toEqual([
      '[Mirante] Recovered: too <many> errors',
      '[Mirante] Test: too <many> errors',
    ]);
    expect(recovered?.parts[0]).toContain('above 0.125, over the last 10 minutes, for 2 minutes');
    expect(recovered?.parts[0]).toContain('Since: Nov 24, 2026, 18:05 (UTC)');
    expect(tested?.parts[0]).toContain('This is a test message. No alert has fired.');
    expect(tested?.parts[0]).not.toContain('Value');
  });

  test('no name or address can inject a header or another recipient', async () => {
    const evil = await makeRule('x\r\nBcc: thief@evil.example\r\n\r\nhello');
    const to = await Promise.all(
      [
        'a@acme.example\r\nBcc: thief@evil.example',
        'a@acme.example, thief@evil.example',
        'a@acme.example> RCPT TO:<thief@evil.example',
      ].map((address) => endpoint(address, 'email')),
    );
    to.push(await endpoint('ops@acme.example', 'email'));
    await notify(to, 'alert.firing', evil);
    const stop = new AbortController();
    const seconds = { ...deps, signal: stop.signal, log: pino({ level: 'silent' }) };
    const under = deliverAlerts(seconds);
    await expect.poll(async () => (await entries()).every(({ attempts }) => attempts > 0), { timeout: 60_000 }).toBe(true);
    await expect.poll(() => sent.some(({ to: [first] }) => first === 'ops@acme.example'), { timeout: 60_000 }).toBe(true);
    stop.abort();
    await under;
    expect(sent.flatMap(({ to: all }) => all)).not.toContain('thief@evil.example');
    for (const mail of sent) expect(read(mail).header).not.toMatch(/^Bcc/im);
  });

  test('a permanent rejection is not retried, a temporary one is', async () => {
    await notify([await endpoint('nobody@acme.example', 'email')]);
    refusal = Object.assign(new Error('no such user'), { responseCode: 550 });
    await deliver();
    expect(await only()).toMatchObject({ status: 'failed', attempts: 1, response_code: 550, error: 'EENVELOPE' });
    refusal = Object.assign(new Error('later'), { responseCode: 451 });
    await notify([await endpoint('busy@acme.example', 'email')]);
    const stop = new AbortController();
    const under = deliverAlerts({ ...deps, signal: stop.signal });
    await expect.poll(async () => (await only())?.response_code, { timeout: 60_000 }).toBe(451);
    stop.abort();
    await under;
    expect(await only()).toMatchObject({ status: 'waiting', attempts: 1, error: 'EENVELOPE' });
  });

  test('if the platform does not send e-mail any more, the delivery is postponed', async () => {
    deps.config = { ...deps.config, SMTP_URL: undefined };
    await notify([await endpoint('ops@acme.example', 'email')]);
    const stop = new AbortController();
    const under = deliverAlerts({ ...deps, signal: stop.signal });
    await expect.poll(async () => (await only())?.error, { timeout: 60_000 }).toBe('no-email');
    stop.abort();
    await under;
  });
});
