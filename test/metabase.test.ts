import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { embeddingSecret } from '../api/dashboards/embeds.ts';
import { apply, plan } from '../cli/metabase/apply.ts';
import { adminOf } from '../cli/metabase/first-run.ts';
import { metabase } from '../cli/metabase/metabase.ts';
import { smoke } from '../cli/metabase/smoke.ts';
import { type Config, readConfig } from '../lib/config.ts';
import { withClient } from '../sql/database/db.ts';
import { findCanaries, plant } from '../sql/tenants/canaries.ts';
import { type Json, useApi } from './support/api.ts';
import { fewDashboards, SLUG } from './support/few-dashboards.ts';
import { makeTenant, testSecret, useDatabase } from './support/harness.ts';
import { type MetabaseServer, useMetabase } from './support/metabase-server.ts';
import type { WorldOptions } from './support/metabase-world.ts';

const WAITS = { startMs: 5_000, retryMs: 1 };
const NOTHING = 'Nothing to change. Metabase is up to date.';

const db = await useDatabase();
const api = await useApi(db);
const folders = mkdtempSync(join(tmpdir(), 'mirante-metabase-'));
const tenants = [await makeTenant(db), await makeTenant(db)];

beforeAll(async () => {
  for (const [index, { keys }] of tenants.entries()) {
    const data = {
      marketplace: `market-${index}`,
      rows: 1,
      errors: 0,
      warnings: 0,
      duration_ms: 1,
      outcome: 'success',
      rules: { [`rule-${index}`]: 1 },
    };
    const event = { id: '1', type: 'br.validahub.validation.completed.v1', data };
    expect((await api.call('POST', '/v1/events', keys.ingest, event)).status).toBe(202);
  }
});
afterAll(async () => {
  rmSync(folders, { recursive: true });
});

const withoutRules = () => fewDashboards(folders, ['volume', 'marketplaces']);

type Provisioner = {
  server: MetabaseServer;
  config: Config;
  said: string[];
  apply: (dashboards?: URL) => Promise<string>;
  plan: () => Promise<boolean>;
  run: (...args: string[]) => Promise<number>;
  smoke: (slugs?: string[]) => Promise<void>;
};

async function provisioner(options: WorldOptions = {}, few = fewDashboards(folders)): Promise<Provisioner> {
  const server = await useMetabase(options);
  onTestFinished(async () => {
    expect(server.violations).toEqual([]);
    await server.close();
  });
  const config = readConfig({
    MIRANTE_DATA_DIR: mkdtempSync(join(folders, 'data-')),
    MIRANTE_SECRET: testSecret,
    DATABASE_URL: db.url,
    METABASE_URL: server.url,
  });
  const said: string[] = [];
  const say = (sentence: string) => void said.push(sentence);
  return {
    server,
    config,
    said,
    async apply(dashboards = few) {
      said.length = 0;
      await apply({ config, say, waits: WAITS, dashboards });
      return said.join('\n');
    },
    plan: () => plan({ config, say, waits: WAITS, dashboards: few }),
    run: (...args) => metabase(args, config, say, { waits: WAITS, isTerminal: false }),
    smoke: (slugs = tenants.map(({ slug }) => slug)) => smoke({ config, say, waits: WAITS, dashboards: few }, slugs),
  };
}

const only = (objects: Map<number, Json>, key: string): Json =>
  [...objects.values()].find(({ description }) => description?.includes(`key=${key}`) && description.endsWith(key));
const countOf = ({ world }: MetabaseServer) => [
  world.keys.length,
  world.databases.size,
  world.collections.size - 1,
  world.cards.size,
  world.dashboards.size,
];
const changing = ({ requests }: MetabaseServer) =>
  requests.filter((one) => !one.startsWith('GET') && !one.endsWith('/api/session') && !one.endsWith('/api/setup'));

describe('a new Metabase', () => {
  test('is planned without a change, then set up, then left unchanged', async () => {
    const { server, config, said, ...mirante } = await provisioner({ starting: 3 });
    expect(await mirante.plan()).toBe(true);
    expect(said[0]).toContain('Metabase has no account yet');
    expect(server.world.user).toBeUndefined();
    const first = await mirante.apply();
    expect(first).toContain('create   card overview/volume');
    expect(first).toMatch(/9 to create, \d+ to change, 0 to restore, 0 to archive\.\nDone\.\nStored the ids of the dashboards/);
    expect(countOf(server)).toEqual([1, 2, 3, 3, 1]);
    expect(server.world.user).toEqual(adminOf(config));
    expect(statSync(join(config.MIRANTE_DATA_DIR, 'metabase.json')).mode & 0o777).toBe(0o600);
    server.requests.length = 0;
    expect(await mirante.apply()).toBe(NOTHING);
    expect(changing(server)).toEqual([]);
    expect(await mirante.plan()).toBe(false);
  });

  test('is locked: every card has one parameter that only a token can set, and All Users have no access', async () => {
    const { server, ...mirante } = await provisioner();
    await mirante.apply();
    const { world } = server;
    const dashboard = only(world.dashboards, SLUG);
    expect(dashboard).toMatchObject({
      name: 'Overview',
      width: 'full',
      enable_embedding: true,
      embedding_type: 'guest-embed',
      embedding_params: { grant: 'locked', from: 'enabled', to: 'enabled', interval: 'enabled', marketplace: 'enabled' },
    });
    for (const tile of dashboard.dashcards) {
      expect(tile.parameter_mappings[0]).toMatchObject({
        parameter_id: 'grant',
        target: ['variable', ['template-tag', 'grant']],
      });
      const { 'template-tags': tags } = world.cards.get(tile.card_id).dataset_query.stages[0];
      expect([tags.grant.required, tags.grant.default]).toEqual([true, undefined]);
    }
    expect(Object.values(world.databaseGraph.permissions).map((one) => one['create-queries'])).toEqual(['no', 'no']);
    expect(new Set(Object.values(world.collectionGraph.permissions))).toEqual(new Set(['none']));
    expect([...world.databases.values()].map(({ details }) => [details.user, details['schema-filters-patterns']])).toEqual([
      ['mirante_metabase', 'bi'],
      ['mirante_ops', 'ops'],
    ]);
    const shown = Object.fromEntries(world.settings);
    expect(shown).toMatchObject({
      'enable-embedding-modular': true,
      'enable-public-sharing': false,
      'enable-embedding-static': false,
    });
  });

  test('two programs create objects concurrently, and each object exists once', async () => {
    const { server, ...mirante } = await provisioner();
    await Promise.all([mirante.apply(), mirante.apply()]);
    expect(countOf(server)).toEqual([1, 2, 3, 3, 1]);
    expect(await mirante.apply()).toBe(NOTHING);
  });

  // Interrupting a read leaves the same state as interrupting the next write.
  test('the next run completes an interrupted one, wherever it stopped', async () => {
    const few = withoutRules();
    const whole = await provisioner({}, few);
    await whole.apply();
    const ways = whole.server.requests.flatMap((request, index) =>
      request.startsWith('GET') ? [] : [false, true].map((done) => ({ n: index + 1, done, request })),
    );
    expect(ways.length).toBeGreaterThan(50);
    for (const way of ways) {
      const { server, ...mirante } = await provisioner({}, few);
      server.breakAt(way.n, way.done);
      await expect(mirante.apply(), way.request).rejects.toThrow(/is not ready|cannot be reached/);
      server.mend();
      await mirante.apply();
      expect({ ...way, made: countOf(server), differs: await mirante.plan() }).toEqual({
        ...way,
        made: [1, 2, 3, 2, 1],
        differs: false,
      });
      await server.close();
    }
  }, 240_000);
});

describe('changes by people in Metabase', () => {
  test('renamed, moved, widened or deleted objects are restored, found by their marker', async () => {
    const { server, said, ...mirante } = await provisioner();
    await mirante.apply();
    const { world } = server;
    const [card, other] = [only(world.cards, `${SLUG}/volume`), only(world.cards, `${SLUG}/rules`)];
    const dashboard = only(world.dashboards, SLUG);
    Object.assign(card, { name: 'Mine now', collection_id: null });
    Object.assign(other, { description: null });
    Object.assign(dashboard, { name: 'Ours', archived: true, embedding_params: { grant: 'enabled' }, dashcards: [] });
    Object.assign(world.databases.get(1) ?? [...world.databases.values()][0], { name: 'Renamed' });
    world.databaseGraph.permissions[[...world.databases.keys()][0] as number]['create-queries'] = 'query-builder-and-native';
    expect(await mirante.plan()).toBe(true);
    expect(said.at(-1)).toContain('restore  dashboard overview');
    const text = await mirante.apply();
    expect(text).toContain('name: "Mine now" → "Validations"');
    expect(countOf(server)).toEqual([1, 2, 3, 3, 1]);
    expect(dashboard).toMatchObject({ name: 'Overview', archived: false, embedding_params: { grant: 'locked' } });
    expect(dashboard.dashcards).toHaveLength(3);
    expect(await mirante.apply()).toBe(NOTHING);
  });

  test('a correct dashcard keeps its number, and a card added by hand to our dashboard is removed', async () => {
    const { server, ...mirante } = await provisioner();
    await mirante.apply();
    const dashboard = only(server.world.dashboards, SLUG);
    const numbers = dashboard.dashcards.map(({ id }: Json) => id);
    dashboard.dashcards[0].size_x = 3;
    dashboard.dashcards.push({ id: 5000, card_id: null, row: 50, col: 0, size_x: 1, size_y: 1 });
    dashboard.tabs.push({ id: 6000, name: 'x' });
    await mirante.apply();
    expect(dashboard.dashcards.map(({ id }: Json) => id)).toEqual(numbers);
    expect(dashboard.tabs).toEqual([]);
  });

  test('objects of other people are left alone, even a copy with our marker', async () => {
    const { server, ...mirante } = await provisioner();
    await mirante.apply();
    const { world } = server;
    const mine = structuredClone(only(world.cards, `${SLUG}/rules`));
    world.cards.set(700, { ...mine, id: 700, entity_id: 'x'.repeat(21), name: 'A copy' });
    world.cards.set(701, { ...mine, id: 701, entity_id: 'y'.repeat(21), name: 'Theirs', description: 'of theirs' });
    world.dashboards.set(702, { ...structuredClone(only(world.dashboards, SLUG)), id: 702, name: 'Theirs', description: null });
    const before = structuredClone([700, 701].map((id) => world.cards.get(id)));
    const text = await mirante.apply();
    expect(text).toContain(`note     card 700 is a copy of ${SLUG}/rules (${mine.id}) and is left alone.\n${NOTHING}`);
    await mirante.apply(withoutRules());
    expect([700, 701].map((id) => world.cards.get(id))).toEqual(before);
    expect(world.dashboards.get(702)).toMatchObject({ name: 'Theirs', archived: false });
  });

  test('a card without a definition goes to the trash, and comes back with its number when it has one again', async () => {
    const { server, ...mirante } = await provisioner();
    await mirante.apply();
    const card = only(server.world.cards, `${SLUG}/rules`);
    expect(await mirante.apply(withoutRules())).toContain('archive  card overview/rules');
    expect(card.archived).toBe(true);
    expect(await mirante.apply(withoutRules())).toBe(NOTHING);
    expect(await mirante.apply()).toContain('restore  card overview/rules');
    expect([card.archived, server.world.cards.size]).toEqual([false, 3]);
  });

  test('an invalid definition changes nothing', async () => {
    const { server, ...mirante } = await provisioner();
    const folder = fewDashboards(folders);
    writeFileSync(new URL(`${SLUG}/volume.sql`, folder), 'select 1 as bucket');
    await expect(mirante.apply(folder)).rejects.toThrow(/must read bi/);
    expect(server.requests).toEqual([]);
  });
});

describe('secrets', () => {
  test('a lost key is created again under its name, and the passwords are sent again', async () => {
    const { server, config, ...mirante } = await provisioner({ hideSecret: true });
    await mirante.apply();
    const key = server.world.keys[0]?.key;
    rmSync(join(config.MIRANTE_DATA_DIR, 'metabase.json'));
    expect(await mirante.apply()).toContain('details.password: changed, or not known to be the same');
    expect(server.world.keys).toHaveLength(1);
    expect(server.world.keys[0]?.key).not.toBe(key);
    expect(await mirante.apply()).toBe(NOTHING);
  });

  test('an administrator with a changed password is asked for it only if the key is lost', async () => {
    const { server, config, ...mirante } = await provisioner();
    await mirante.apply();
    server.world.user = { email: config.METABASE_ADMIN_EMAIL, password: 'another one 1' };
    expect(await mirante.apply()).toBe(NOTHING);
    rmSync(join(config.MIRANTE_DATA_DIR, 'metabase.json'));
    await expect(mirante.apply()).rejects.toThrow('rejects the login of admin@mirante.invalid');
  });

  test('are never printed', async () => {
    const { server, config, said, ...mirante } = await provisioner();
    const printed = [await mirante.apply(), ...said];
    const secrets = [adminOf(config).password, embeddingSecret(config), server.world.keys[0]?.key as string];
    for (const { details } of server.world.databases.values()) secrets.push(details.password);
    for (const secret of secrets) expect(printed.join('\n')).not.toContain(secret);
  });
});

describe('versions and environments', () => {
  test.each(['v0.58.39', 'v0.59.2', 'v0.64.6', 'v0.65.4'])('%s is set up, then left unchanged', async (tag) => {
    const { server, said, ...mirante } = await provisioner({ tag, flipSsl: true });
    expect(await mirante.apply()).not.toContain('Warning');
    expect(await mirante.apply()).toBe(NOTHING);
    expect(server.world.settings.get('enable-embedding-static')).toBe(!tag.startsWith('v0.65'));
  });

  test('another version causes a warning', async () => {
    const { ...mirante } = await provisioner({ tag: 'v0.66.1' });
    expect(await mirante.apply()).toContain('Warning: Metabase v0.66.1');
  });

  test('settings that the environment defines are left alone', async () => {
    const env = { 'enable-embedding-modular': true, 'site-url': 'http://a', 'embedding-secret-key': 'a'.repeat(64) };
    const { server, ...mirante } = await provisioner({ env });
    await mirante.apply();
    expect(changing(server).filter((one) => /(modular|site-url|secret-key)$/.test(one))).toEqual([]);
    expect(await mirante.apply()).toBe(NOTHING);
  });
});

describe('metabase drift and smoke', () => {
  test('drift exits with 0 or 2, and wrong usage is reported', async () => {
    const { server, said, config, ...mirante } = await provisioner();
    expect(await mirante.run('drift')).toBe(2);
    expect(await mirante.run('apply')).toBe(0);
    expect(await mirante.run('drift')).toBe(0);
    expect(await mirante.run('plan')).toBe(0);
    expect(await mirante.run('login')).toBe(0);
    expect(said.at(-1)).toBe(`${server.url}  admin@mirante.invalid  The password is only shown in a terminal.`);
    expect(await metabase(['login'], config, (line) => void said.push(line), { isTerminal: true })).toBe(0);
    expect(said.at(-1)).toBe(`${server.url}  admin@mirante.invalid  ${adminOf(config).password}`);
    await expect(mirante.run('destroy')).rejects.toThrow('Usage: `metabase plan`');
  });

  test('smoke passes if each tenant sees its own rows, on every shipped dashboard', async () => {
    const { said, ...mirante } = await provisioner();
    await mirante.run('apply');
    await mirante.run('smoke', '--tenants', tenants.map(({ slug }) => slug).join(','));
    expect(said.at(-1)).toMatch(
      /^Passed: \d+ cards read as t-\w+ and t-\w+, \d+ of them with rows for both\. No rows without a grant\.$/,
    );
  });

  test('smoke uses the canaries if no tenants are named', async () => {
    const { said, ...mirante } = await provisioner();
    await mirante.apply();
    await expect(mirante.smoke([])).rejects.toThrow('canary tenants do not exist yet');
    await withClient(db.owner, async (client) => {
      for (const canary of await findCanaries(client)) await plant(client, canary);
    });
    await mirante.smoke([]);
    expect(said.at(-1)).toMatch(/^Passed: 3 cards read as canary-\w+ and canary-\w+, 3 of them with rows for both/);
  });

  test.each<[string, (server: MetabaseServer) => void, string]>([
    [
      'a lock that is off',
      ({ world }) => (only(world.dashboards, SLUG).embedding_params.grant = 'enabled'),
      'a grant in the address was not refused',
    ],
    ['no mapping', ({ world }) => (only(world.dashboards, SLUG).dashcards[0].parameter_mappings = []), 'no rows but 202'],
    ['a default grant', ({ world }) => defaultGrant(world), 'without a grant was not refused'],
    ['other SQL', ({ world }) => otherSql(world), 'other rows than its own'],
    ['no embedding', ({ world }) => (only(world.dashboards, SLUG).enable_embedding = false), 'Metabase answers 400'],
    ['another secret', ({ world }) => void world.settings.set('embedding-secret-key', 'b'.repeat(64)), 'Metabase answers 400'],
  ])('smoke finds %s', async (_, damage, fault) => {
    const { server, ...mirante } = await provisioner();
    await mirante.apply();
    damage(server);
    await expect(mirante.smoke()).rejects.toThrow(fault);
  });
});

const stageOf = (world: MetabaseServer['world']) => only(world.cards, `${SLUG}/volume`).dataset_query.stages[0];

// A person might save this to see data: the card with a grant of one tenant in it.
function defaultGrant(world: MetabaseServer['world']): void {
  const stage = stageOf(world);
  stage.native = "select 1 as bucket, 2 as validations, coalesce({{grant}}, '') as rows";
  stage['template-tags'].grant.default = 'x';
  only(world.dashboards, SLUG).embedding_params.grant = 'enabled';
}

function otherSql(world: MetabaseServer['world']): void {
  const stage = stageOf(world);
  stage.native = `${stage.native} limit 0`;
}
