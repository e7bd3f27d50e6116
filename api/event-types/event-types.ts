import { createSecretKey } from 'node:crypto';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv/dist/ajv.js';
import formatsPlugin from 'ajv-formats';
import QuickLRU from 'quick-lru';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { quoted } from '../../lib/input-faults.ts';
import { compileFields } from '../../lib/json-fields.ts';
import { pseudonym } from '../../lib/pseudonyms.ts';
import { type Pool, withTenant } from '../../sql/database/db.ts';
import { askFor } from '../../sql/database/fair-pool.ts';
import { type EventType, listEventTypes, type Mode } from '../../sql/event-types/event-types.ts';
import { privacyVersion, pseudonymKey, withdrawalKey, withdrawnSubjects } from '../../sql/privacy/privacy.ts';
import { type Fault, Problem, unprocessable } from '../http/problems.ts';
import { withinTime } from '../http/time-limit.ts';
import { type Handling, type Privacy, UNREGISTERED, withdrawalHash } from '../privacy/pseudonyms.ts';
import { schemaCost } from './schema-cost.ts';
import { schemaFault } from './schema-faults.ts';
import { linearRegExp, patternFaults } from './schema-patterns.ts';

/** Longest time that another process uses a version that was replaced here. */
const REMEMBER_MS = 5_000;
const MAX_TYPES = 10_000;
const DAY_MS = 86_400_000;
/** Longest CPU time of one check of an event: all tenants share this process. */
const MAX_MS = 100;
const MAX_COMPILE_MS = 1_000;
/** Below this product of schema parts and event bytes a check takes about a millisecond and needs no time limit. */
const HARMLESS = 100_000;

export type Mismatch = { mode: Mode; detail: string; pointer: string };

/** The event types of one tenant, used to check events and to conceal personal data. */
export type EventTypes = Privacy & {
  withdrawalHash: (subject: string) => string;
  check: (type: string, data: unknown, bytes: number) => Mismatch | undefined;
};

type Compiled = { validate: ValidateFunction; cost: number };

export type EventTypeRegistry = {
  of: (tenantId: string) => Promise<EventTypes>;
  /** The same, but never from before a withdrawal that another process has committed. */
  fresh: (tenantId: string) => Promise<EventTypes>;
  forget: (tenantId: string) => void;
};

// Ajv's own `uniqueItems` compares every pair of items: 0.6 s for 6,000 objects.
const uniqueItems = {
  keyword: 'uniqueItems',
  type: 'array' as const,
  schemaType: 'boolean' as const,
  validate: (unique: boolean, items: unknown[]) => !unique || new Set(items.map(canonicalJson)).size === items.length,
  error: { message: 'must not have an item twice' },
};

type Draft = typeof Ajv2020 | typeof Ajv2019 | typeof Ajv;

const DRAFTS: [RegExp, Draft][] = [
  [/\/draft\/2020-12\/schema#?$/, Ajv2020],
  [/\/draft\/2019-09\/schema#?$/, Ajv2019],
  // Draft 07 only adds keywords to draft 06.
  [/\/draft-0[67]\/schema#?$/, Ajv],
];

function draftOf({ $schema }: Record<string, unknown>): Draft {
  if ($schema === undefined) return Ajv2020;
  const draft = DRAFTS.find(([uri]) => uri.test(String($schema)))?.[1];
  if (draft) return draft;
  throw invalidSchema([
    wholeSchema(
      `\`$schema\` is ${quoted(String($schema))}. Use the draft 2020-12, 2019-09, 07 or 06; without \`$schema\` it is 2020-12.`,
    ),
  ]);
}

// Compiling the meta-schema takes a hundred times as long as a customer's schema, so each draft has one shared instance.
const judges = new Map<Draft, InstanceType<Draft>>();
function judgeOf(Draft: Draft): InstanceType<Draft> {
  const judge = judges.get(Draft) ?? new Draft({ strict: false, logger: false });
  if (!judges.has(Draft)) void judge.validateSchema({});
  judges.set(Draft, judge);
  return judge;
}

/**
 * Compiles a JSON Schema of the draft that its `$schema` names (default: 2020-12). Throws 422 `invalid-schema` with the reason
 * if it is not a valid schema, has a pattern that RE2 cannot run, or would cost too much.
 */
export function compileSchema(given: Record<string, unknown>): Compiled {
  const { $schema: _, ...schema } = given;
  const Draft = draftOf(given);
  const faults = patternFaults(schema, '/schema');
  if (faults.length > 0) throw invalidSchema(faults);
  // A new instance for each schema: `$id`s of different tenants must not collide.
  const ajv = new Draft({
    strict: false,
    // Otherwise every object would have a `constructor`.
    ownProperties: true,
    code: { regExp: linearRegExp },
    logger: false,
    validateSchema: false,
  });
  formatsPlugin.default(ajv);
  // This format takes seconds for some texts of 64 KiB, and JSON Schema does not define it.
  ajv.addFormat('url', true);
  ajv.removeKeyword('uniqueItems').addKeyword(uniqueItems);
  try {
    const cost = schemaCost(schema);
    // An asynchronous schema returns a promise. It would count as true, and its rejection would end the process.
    if (schema.$async !== undefined) throw new Error('`$async` is not a keyword of JSON Schema. Remove it.');
    const judge = judgeOf(Draft);
    if (!judge.validateSchema(schema)) throw new Error(schemaFault((judge.errors as [ErrorObject])[0], 'schema', schema));
    return { validate: ajv.compile(schema), cost };
  } catch (error) {
    const deep = error instanceof RangeError && /call stack/.test(error.message);
    const detail = deep
      ? 'The schema is nested too deeply.'
      : error instanceof Error
        ? error.message
        : 'This is not a JSON Schema.';
    throw invalidSchema([wholeSchema(detail)]);
  }
}

/** Like compileSchema(), for a new schema: also refuses one that takes long to compile. */
export function acceptSchema(schema: Record<string, unknown>): void {
  judgeOf(draftOf(schema));
  if (withinTime(MAX_COMPILE_MS, () => compileSchema(schema))) return;
  throw invalidSchema([wholeSchema('The schema takes too long to compile. Make it smaller.')]);
}

const wholeSchema = (detail: string): Fault => ({ pointer: '/schema', code: 'invalid-schema', detail });

const invalidSchema = (faults: Fault[]) => unprocessable('invalid-schema', "The event type's schema cannot be used", faults);

function handlingOf({ subject, personal_fields, processing }: EventType): Handling {
  return {
    plainSubject: subject === 'plain',
    fields: compileFields(personal_fields),
    needsConsent: processing === null || processing.legal_basis === 'consent',
    keptMs: (processing?.retention_days ?? Number.POSITIVE_INFINITY) * DAY_MS,
  };
}

/** Caches each tenant's types, pseudonym key and withdrawals for a few seconds, and compiled schemas while they are in use. */
export function createEventTypeRegistry(pool: Pool): EventTypeRegistry {
  const compiled = new QuickLRU<string, Compiled>({ maxSize: 1_000 });
  const tenants = new QuickLRU<string, Promise<EventTypes>>({ maxSize: 10_000, maxAge: REMEMBER_MS });

  function validator(tenantId: string, type: EventType): Compiled {
    const id = `${tenantId} ${type.version} ${type.type}`;
    const known = compiled.get(id) ?? compileSchema(type.schema);
    compiled.set(id, known);
    return known;
  }

  // A version that an earlier release accepted and this one rejects is a fault of its events, not of whole requests.
  function compiledOrFault(tenantId: string, type: EventType): Compiled | { fault: string } {
    try {
      return validator(tenantId, type);
    } catch (error) {
      if (error instanceof Problem)
        return { fault: 'The schema of this event type is no longer accepted. Register a new version.' };
      throw error;
    }
  }

  async function load(tenantId: string): Promise<EventTypes> {
    const { types, key, withdrawn, ...own } = await withTenant(
      pool,
      tenantId,
      async (client) => ({
        // First: what is read after it is never older.
        version: await privacyVersion(client),
        withdrawalKey: createSecretKey(await withdrawalKey(client)),
        types: await listEventTypes(client, undefined, MAX_TYPES),
        key: createSecretKey(await pseudonymKey(client)),
        withdrawn: await withdrawnSubjects(client),
      }),
      'login',
    );
    const hashed = (subject: string) => withdrawalHash(own.withdrawalKey, subject);
    const byName = new Map(types.map((type) => [type.type, type]));
    const handlings = new Map(types.map((type) => [type.type, handlingOf(type)]));
    return {
      handling: (type) => handlings.get(type) ?? UNREGISTERED,
      pseudonym: (value) => pseudonym(key, value),
      withdrawalHash: hashed,
      isWithdrawn: (subject, known) => withdrawn.size > 0 && (withdrawn.has(hashed(subject)) || withdrawn.has(known)),
      version: own.version,
      check(type, data, bytes) {
        const found = byName.get(type);
        if (!found) return undefined;
        const compiled = compiledOrFault(tenantId, found);
        if ('fault' in compiled) return { mode: found.mode, detail: compiled.fault, pointer: '/data' };
        const { validate, cost } = compiled;
        const fits = cost * bytes < HARMLESS ? validate(data ?? {}) : withinTime(MAX_MS, () => validate(data ?? {}) as boolean);
        if (fits) return undefined;
        if (fits === undefined) {
          return { mode: found.mode, detail: 'Checking this event against the schema takes too long.', pointer: '/data' };
        }
        const [error] = validate.errors as [ErrorObject];
        return { mode: found.mode, detail: schemaFault(error, 'data', data ?? {}), pointer: `/data${error.instancePath}` };
      },
    };
  }

  return {
    of(tenantId) {
      let types = tenants.get(tenantId);
      if (!types) {
        // Other requests may wait for the same load, so it must not end with the first request.
        types = askFor({ tenantId }, () => load(tenantId));
        types.catch(() => tenants.delete(tenantId));
        tenants.set(tenantId, types);
      }
      return types;
    },
    async fresh(tenantId) {
      const version = await withTenant(pool, tenantId, privacyVersion);
      const types = await this.of(tenantId);
      if (types.version === version) return types;
      tenants.delete(tenantId);
      return this.of(tenantId);
    },
    forget: (tenantId) => tenants.delete(tenantId),
  };
}
