import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { verifyChain } from '../cli/commands/audit.ts';
import { runMakePartitions } from '../jobs/archive/make-partitions.ts';
import { environmentWith } from '../lib/config.ts';
import { auditHead } from '../sql/audit/audit-log.ts';
import { type Actor, type Client, withClient, withTenant } from '../sql/database/db.ts';
import { createTenant, updateTenant } from '../sql/tenants/tenants.ts';
import { makeOperatorKey, makeTenant, useDatabase } from './support/harness.ts';

const db = await useDatabase();
const tenant = await makeTenant(db);

beforeAll(async () => {
  for (let n = 0; n < 4; n++) await rename(`Name ${n}`);
});

const rename = (name: string, actor: Actor | 'login' = 'login') =>
  withTenant(db.api, tenant.id, (client) => updateTenant(client, tenant.id, { name }), actor);

const headNow = async () => (await auditHead(db.owner)) as string;

/** Changes rows as an owner of the tables could: disables every protection, then restores it. */
async function tampered(statements: string[], check: (client: Client) => Promise<unknown>): Promise<void> {
  await withClient(db.owner, async (client) => {
    await client.query('begin; alter table private.audit_log disable trigger user, no force row level security');
    for (const statement of statements) await client.query(statement);
    await check(client);
    await client.query('rollback');
  });
}

const act = (name: string) => `select private.append_audit(gen_random_uuid(), 'test.made', '${name}', '{}')`;

// What append_audit() would have written from row 5 on.
const REWRITE = `do $$ declare entry private.audit_log; last bytea := (select hash from private.audit_log where seq = 4); begin
  for entry in select * from private.audit_log where seq > 4 order by seq loop
    last := sha256(last || convert_to(jsonb_build_array(entry.seq, (extract(epoch from entry.at) * 1000000)::bigint,
      entry.tenant_id, entry.actor, entry.action, entry.target, entry.details)::text, 'UTF8'));
    update private.audit_log set hash = last where seq = entry.seq;
  end loop; end $$`;

const CHANGE = `update private.audit_log set details = '{}' where seq = 5`;
const COPY = `(select at, tenant_id, actor, action, target, details, hash from private.audit_log where seq = 5)`;

test.each<[string, string[], string]>([
  ['a changed row', [CHANGE], 'Row 5 does not follow'],
  ['another actor', [`update private.audit_log set actor = '{"login": "nobody"}' where seq = 5`], 'Row 5 does not follow'],
  ['a microsecond', [`update private.audit_log set at = at + interval '1 microsecond' where seq = 5`], 'Row 5 does not follow'],
  ['another hash', [`update private.audit_log set hash = sha256('x') where seq = 5`], 'Row 5 does not follow'],
  ['a removed row', ['delete from private.audit_log where seq = 5'], 'Row 5 was removed'],
  ['the first row removed', ['delete from private.audit_log where seq = 1'], 'Row 1 was removed'],
  [
    'a removed row, the gap closed',
    ['delete from private.audit_log where seq = 5', 'update private.audit_log set seq = seq - 1 where seq > 5'],
    'Row 5 does not follow',
  ],
  ['a row put in at the end', [`insert into private.audit_log select 11, c.* from ${COPY} c`], 'Row 11 does not follow'],
  ['a row put in before', [`insert into private.audit_log select 0, c.* from ${COPY} c`], 'Row 0 was inserted'],
  [
    'a row put in twice',
    [
      'alter table private.audit_log drop constraint audit_log_pkey',
      `insert into private.audit_log select 5, c.* from ${COPY} c`,
    ],
    'Row 5 was inserted',
  ],
])('%s is found', async (_, statements, fault) => {
  expect(await verifyChain(db.owner)).toMatch(/^The audit log is complete and unchanged\. Rows: 10\. Head: 10:[0-9a-f]{64}$/);
  await tampered(statements, (client) => expect(verifyChain(client)).rejects.toThrow(fault));
});

test('a log truncated, or rewritten to its end, does not match an earlier head', async () => {
  const head = await headNow();
  await tampered([act('later')], async (client) => {
    expect(await verifyChain(client, head)).toContain('Rows: 11.');
    await client.query('delete from private.audit_log where seq > 8');
    expect(await verifyChain(client)).toContain('Rows: 8.');
    await expect(verifyChain(client, head)).rejects.toThrow('Rows 9 to 10, the given head, are missing');
    for (const name of ['as if nothing had been', 'again', 'and again']) await client.query(act(name));
    expect(await verifyChain(client)).toContain('Rows: 11.');
    await expect(verifyChain(client, head)).rejects.toThrow('Row 10 differs from the given head');
  });
});

test('a changed row with all later hashes recomputed is found only with an earlier head', async () => {
  const head = await headNow();
  await tampered([CHANGE, REWRITE], async (client) => {
    expect(await verifyChain(client)).toContain('Rows: 10.');
    await expect(verifyChain(client, head)).rejects.toThrow('Row 10 differs from the given head');
  });
});

test('a long chain is read page by page', async () => {
  await tampered(
    ["select private.append_audit(gen_random_uuid(), 'test.made', n::text, '{}') from generate_series(11, 2500) n"],
    async (client) => {
      expect(await verifyChain(client)).toContain('Rows: 2500.');
      for (const seq of [2000, 1001]) {
        await client.query(`update private.audit_log set target = 'x' where seq = ${seq}`);
        await expect(verifyChain(client)).rejects.toThrow(`Row ${seq} does not follow`);
      }
    },
  );
});

test('neither the API nor the owner can change a row', async () => {
  const attempts = [
    "insert into private.audit_log values (99, now(), gen_random_uuid(), '{}', 'a', 'b', '{}', '')",
    "update private.audit_log set action = 'x'",
    'delete from private.audit_log',
    'truncate private.audit_log',
  ];
  for (const attempt of attempts) await expect(db.api.query(attempt)).rejects.toThrow('permission denied');
  for (const attempt of ['select * from private.audit_log', "select private.append_audit(null, 'a', 'b', '{}')"]) {
    await expect(db.api.query(attempt)).rejects.toThrow('permission denied');
  }
  const through = "insert into app.audit_log values (now(), '{}', 'a', 'b', '{}')";
  await expect(db.api.query(through)).rejects.toThrow('permission denied');
  for (const owner of [db.owner, db.jobs]) {
    for (const attempt of attempts.slice(1)) await expect(owner.query(attempt)).rejects.toThrow('append-only');
  }
  // Without the trigger, no policy allows an update either.
  await tampered(['alter table private.audit_log force row level security'], async (client) => {
    expect((await client.query("update private.audit_log set action = 'x'")).rowCount).toBe(0);
    expect((await client.query('delete from private.audit_log')).rowCount).toBe(0);
  });
});

test('twenty concurrent actions, some refused, make one chain without gaps', async () => {
  const before = Number((await headNow()).split(':')[0]);
  const make = (slug: string) => withTenant(db.api, tenant.id, (client) => createTenant(client, { slug, name: slug }), 'login');
  const doomed = withTenant(
    db.api,
    tenant.id,
    async (client) => {
      await updateTenant(client, tenant.id, { name: 'never' });
      throw new Error('changed my mind');
    },
    'login',
  );
  const acts = [
    ...Array.from({ length: 10 }, () => make(`c-${randomBytes(5).toString('hex')}`)),
    ...Array.from({ length: 10 }, (_, n) => rename(`Concurrent ${n}`)),
  ];
  await Promise.all([...acts, expect(doomed).rejects.toThrow('changed my mind')]);
  expect(await verifyChain(db.owner)).toContain(`Rows: ${before + 20}.`);
  const { rows } = await db.owner.query<{ rising: boolean }>(
    'select bool_and(at > before) as rising from (select at, lag(at) over (order by seq) as before from private.audit_log) a',
  );
  expect(rows).toEqual([{ rising: true }]);
});

test('the chain verifies with any session settings', async () => {
  await rename('Ünïcödé "quoted"\n\u0007 \ud83d\ude00', {
    keyId: "it's\\quoted",
    tenantId: tenant.id,
    address: null,
    requestId: '$$; drop table x; --',
  });
  const { rows } = await db.owner.query('select actor from private.audit_log order by seq desc limit 1');
  expect(rows[0].actor).toMatchObject({ key_id: "it's\\quoted", address: null, request_id: '$$; drop table x; --' });
  const said = await verifyChain(db.owner);
  const odd = ["timezone = 'Asia/Kolkata'", "datestyle = 'German'", "bytea_output = 'escape'", "intervalstyle = 'iso_8601'"];
  await withClient(db.owner, async (client) => {
    for (const setting of odd) await client.query(`set ${setting}`);
    expect(await verifyChain(client)).toBe(said);
    await client.query('discard all');
  });
});

test('commands are recorded with their login, and the actor of a transaction never carries over to the next', async () => {
  const actor = { keyId: tenant.keyIds.read, tenantId: tenant.id, address: '192.0.2.1', requestId: 'r-1' };
  const before = Number((await headNow()).split(':')[0]);
  await rename('by a request', actor);
  for (let n = 0; n < 12; n++) await rename(`by a program ${n}`);
  await makeOperatorKey(db);
  const { rows } = await db.owner.query<{ actor: object; action: string }>(
    'select actor, action from private.audit_log where seq > $1 order by seq',
    [before],
  );
  expect(rows[0]?.actor).toEqual({ key_id: actor.keyId, tenant_id: tenant.id, address: '192.0.2.1', request_id: 'r-1' });
  for (const row of rows.slice(1)) expect(row.actor).toEqual({ login: 'mirante_api' });
  expect(rows.slice(-3).map(({ action }) => action)).toEqual(['tenant.created', 'key.created', 'key.created']);
});

test('the jobs log the head of the chain', async () => {
  const lines: object[] = [];
  const log = { info: (line: object) => lines.push(line) } as never;
  await runMakePartitions({ pool: db.jobs, engine: db.engine, log, config: { RAW_RETENTION_DAYS: 90 } });
  expect(lines).toContainEqual({ audit_head: await headNow() });
});

test('the exit code of the command reports the result', async () => {
  const head = await headNow();
  expect(await command('--head', head)).toEqual({
    said: expect.stringMatching(/^The audit log is complete and unchanged.*\n$/),
    code: 0,
  });
  expect(await command('--head', head.replace(/.$/, head.endsWith('0') ? '1' : '0'))).toMatchObject({ code: 1 });
}, 60_000);

async function command(...words: string[]): Promise<{ said: string; code: number }> {
  const program = ['--import', 'tsx', 'cli/mirante.ts', 'audit', 'verify', ...words];
  const env = environmentWith({ DATABASE_URL: db.url });
  return new Promise((done) => {
    execFile(process.execPath, program, { env }, (error, stdout, stderr) =>
      done({ said: stdout + stderr, code: Number(error?.code ?? 0) }),
    );
  });
}
