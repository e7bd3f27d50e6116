import fc from 'fast-check';
import { v4 } from 'uuid';
import { expect, test } from 'vitest';
import { type Json, useApi } from './support/api.ts';
import { makeTenant, useDatabase } from './support/harness.ts';
import { jsonSource, spaces, stringSource } from './support/json-source.ts';

const db = await useDatabase();
const api = await useApi(db);

const now = Date.now();
const time = fc.oneof(
  fc.integer({ min: now - 95 * 86_400_000, max: now + 3_600_000 }).map((ms) => JSON.stringify(new Date(ms).toISOString())),
  fc.constantFrom('null', '"yesterday"', '7'),
);
const text = fc.oneof(
  stringSource,
  fc.string({ unit: 'grapheme', maxLength: 20 }).map((value) => JSON.stringify(value)),
);
const data = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(spaces, jsonSource, text)
      .map(([space, value, name]) => `{${space}${name}:${value},"duration_ms":${space}${value}}`),
  },
  { weight: 1, arbitrary: jsonSource },
);

/** The source text of one event: mostly valid, each member sometimes not. */
const event = fc
  .tuple(
    fc.constantFrom('"test.a.v1"', '"test.b.v1"', '"br.validahub.validation.completed.v1"', '""', '5'),
    time,
    data,
    fc.option(text, { nil: undefined }),
    fc.option(jsonSource, { nil: undefined }),
    fc.option(fc.oneof(text, fc.constant('null')), { nil: undefined }),
  )
  .map(([type, at, body, subject, extension, source]) => {
    const members = [`"type":${type}`, `"time":${at}`, `"data":${body}`];
    if (subject !== undefined) members.push(`"subject":${subject}`);
    if (source !== undefined) members.push(`"source":${source}`);
    if (extension !== undefined) members.push(`"ext":${extension}`);
    return `{"id":"${v4()}",${members.reverse().join(',')}}`;
  });

// At least one of each.
const at = (ms: number) => JSON.stringify(new Date(ms).toISOString());
const refusals = [
  `{"type":"test.a.v1","time":${at(now - 95 * 86_400_000)},"data":{}}`,
  `{"type":"test.a.v1","time":${at(now + 3_600_000)},"data":{}}`,
  '{"type":"test.a.v1","time":"yesterday","data":{}}',
  `{"time":${at(now)},"data":{}}`,
  `{"type":"test.a.v1","time":${at(now)},"id":7}`,
];

test('accepted events are read back equal, refused input is in quarantine, and nothing is in both', async () => {
  const codes = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof({ weight: 9, arbitrary: event }, { weight: 1, arbitrary: jsonSource }), {
        minLength: 1,
        maxLength: 60,
      }),
      async (sources) => {
        const tenant = await makeTenant(db);
        const body = `[${sources.join(',')}]`;
        const answer = await api.call('POST', '/v1/events', tenant.keys.ingest, body, { prefer: 'return=representation' });
        expect(answer.status === 202 || answer.status === 422).toBe(true);
        const { received, accepted, duplicates, conflicts, quarantined, rejected, items } = answer.body;
        expect(received).toBe(sources.length);
        expect(accepted + duplicates + conflicts + quarantined + rejected).toBe(received);
        expect(items.map((item: Json) => item.index)).toEqual(sources.map((_, index) => index));
        for (const { code } of items) codes.add(code);

        const stored = await api.call('GET', '/v1/events?limit=1000', tenant.keys.read);
        const byId = new Map<string, Json>(stored.body.data.map((row: Json) => [row.id, row]));
        expect([byId.size, stored.body.data.length]).toEqual([accepted, accepted]);
        const kept = await api.call('GET', '/v1/quarantine?limit=1000', tenant.keys.tenant_admin);
        const raws: string[] = kept.body.data.map((row: Json) => row.raw);
        expect(raws).toHaveLength(received - accepted);

        sources.forEach((source, index) => {
          const item = items[index];
          if (item.status !== 'accepted') {
            expect(byId.has(item.id)).toBe(false);
            expect(raws).toContain(source.trim());
            return;
          }
          const sent = JSON.parse(source);
          const { data: back, ext, subject, source: origin, ...rest } = byId.get(item.id);
          expect(raws).not.toContain(source);
          expect(rest).toMatchObject({ id: sent.id, type: sent.type, specversion: '1.0' });
          if (sent.time !== null) expect(Date.parse(rest.time)).toBe(Date.parse(sent.time));
          expect([back, ext ?? null, subject ?? null, origin]).toEqual([
            positive(sent.data ?? undefined),
            positive(sent.ext ?? null),
            sent.subject === undefined ? null : expect.stringMatching(/^psn_[\w-]{24}$/),
            sent.source ?? 'ingest',
          ]);
        });
      },
    ),
    { numRuns: 40, examples: [[refusals]] },
  );
  expect([...codes]).toEqual(expect.arrayContaining(['too-old', 'in-future', 'invalid-time', 'type-missing', 'invalid-id']));
  expect([...codes]).not.toContain('not-storable');
}, 60_000);

// jsonb has no negative zero, the only number that it returns changed.
function positive(value: unknown): unknown {
  if (value === 0) return 0;
  if (Array.isArray(value)) return value.map(positive);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, positive(member)]));
}
