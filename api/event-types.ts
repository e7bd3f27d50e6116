import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import formatsPlugin from 'ajv-formats';
import QuickLRU from 'quick-lru';
import { RE2JS } from 're2js';
import { unprocessable } from '../lib/errors.ts';
import { type Pool, withTenant } from '../sql/db.ts';
import { type EventType, listEventTypes, type Mode } from '../sql/queries/event-types.ts';

/** How long another process may judge by a version that was replaced here. */
const REMEMBER_MS = 5_000;
const MOST_TYPES = 10_000;

export type Mismatch = { mode: Mode; detail: string; pointer: string };

/** The schemas of one tenant, as events are judged by them. */
export type EventTypes = { check: (type: string, data: unknown) => Mismatch | undefined };

export type EventTypeRegistry = {
  of: (tenantId: string) => Promise<EventTypes>;
  forget: (tenantId: string) => void;
};

// RE2 takes time linear in the text, so that no customer's `pattern` can stop the process that all share.
function linearRegExp(pattern: string) {
  const compiled = RE2JS.compile(pattern);
  // Ajv takes two patterns whose text is equal for one.
  return { test: (text: string) => compiled.matcher(text).find(), toString: () => pattern };
}
linearRegExp.code = 'linearRegExp';

/** Compiles a JSON Schema 2020-12. Throws 422 `invalid-schema` with the reason where it is none. */
export function compileSchema(schema: Record<string, unknown>): ValidateFunction {
  // A fresh instance for each: `$id`s of different tenants must not meet.
  const ajv = new Ajv2020({ strict: false, code: { regExp: linearRegExp }, logger: false });
  formatsPlugin.default(ajv);
  try {
    // Such a schema answers with a promise, which would pass for true, and its rejection would end the process.
    if (schema.$async !== undefined) throw new Error('`$async` is no keyword of JSON Schema');
    const validate = ajv.compile(schema);
    // What refers to itself without end shows it here, as a RangeError.
    validate({});
    return validate;
  } catch (error) {
    const detail = error instanceof Error ? error.message : 'not a schema';
    throw unprocessable('invalid-schema', 'That is no JSON Schema 2020-12', [
      { pointer: '/schema', code: 'invalid-schema', detail },
    ]);
  }
}

/** Remembers each tenant's types for a few seconds and each version's compiled schema for as long as it is in use. */
export function createEventTypeRegistry(pool: Pool): EventTypeRegistry {
  const compiled = new QuickLRU<string, ValidateFunction>({ maxSize: 1_000 });
  const tenants = new QuickLRU<string, Promise<EventTypes>>({ maxSize: 10_000, maxAge: REMEMBER_MS });

  function validator(tenantId: string, type: EventType): ValidateFunction {
    const id = `${tenantId} ${type.version} ${type.type}`;
    const known = compiled.get(id) ?? compileSchema(type.schema);
    compiled.set(id, known);
    return known;
  }

  async function load(tenantId: string): Promise<EventTypes> {
    const types = await withTenant(pool, tenantId, (client) => listEventTypes(client, undefined, MOST_TYPES));
    const byName = new Map(types.map((type) => [type.type, type]));
    return {
      check(type, data) {
        const found = byName.get(type);
        if (!found) return undefined;
        const validate = validator(tenantId, found);
        try {
          if (validate(data ?? {})) return undefined;
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
          return { mode: found.mode, detail: 'The schema refers to itself without end.', pointer: '/data' };
        }
        const [error] = validate.errors as [ErrorObject];
        return { mode: found.mode, detail: error.message ?? 'does not match', pointer: `/data${error.instancePath}` };
      },
    };
  }

  return {
    of(tenantId) {
      let types = tenants.get(tenantId);
      if (!types) {
        types = load(tenantId);
        types.catch(() => tenants.delete(tenantId));
        tenants.set(tenantId, types);
      }
      return types;
    },
    forget: (tenantId) => tenants.delete(tenantId),
  };
}
