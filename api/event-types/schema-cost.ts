import { quoted } from '../../lib/input-faults.ts';
import { nameOfStep } from '../../lib/json-fields.ts';

const MAX_BYTES = 64 * 1024;
const MAX_PARTS = 10_000;
/** Cost of a pattern: it reads a whole text where other keywords look at one value. */
const PATTERN = 20;

const ONE = new Set(
  'not if then else items additionalItems contains propertyNames additionalProperties unevaluatedItems unevaluatedProperties'.split(
    ' ',
  ),
);
const LIST = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems']);
const NAMED = new Set(['properties', 'patternProperties', 'dependentSchemas', 'dependencies']);
const REFERENCE = new Set(['$ref', '$dynamicRef', '$recursiveRef']);
const UNUSED = new Set(['$defs', 'definitions']);

type Members = Record<string, unknown>;

/**
 * Returns the number of parts (subschemas, keywords, listed values) that a validation may visit, with every reference followed.
 * Throws with an explanation if there are too many or the schema refers to itself: nested choices would take exponential time.
 */
export function schemaCost(root: Members): number {
  if (Buffer.byteLength(JSON.stringify(root)) > MAX_BYTES) throw new Error('The schema is longer than 64 KiB.');
  const anchors = anchorsOf(root);
  const known = new Map<object, number | 'open'>();
  const total = cost(root);
  if (total > MAX_PARTS) throw new Error('The schema has more than 10,000 parts once every `$ref` is followed.');
  return total;

  function cost(schema: unknown): number {
    if (!isObject(schema)) return 1;
    const found = known.get(schema);
    if (found === 'open')
      throw new Error(
        'The schema is recursive: a `$ref` refers to a schema that contains it. Recursive schemas are not accepted.',
      );
    if (found !== undefined) return found;
    if (schema !== root && typeof schema.$id === 'string') throw new Error('`$id` is only accepted at the top of a schema.');
    known.set(schema, 'open');
    let parts = 1;
    for (const [name, value] of Object.entries(schema)) parts += costOf(name, value);
    // Capped just above the limit, so that a sum cannot overflow.
    parts = Math.min(parts, MAX_PARTS + 1);
    known.set(schema, parts);
    return parts;
  }

  function costOf(name: string, value: unknown): number {
    if (REFERENCE.has(name)) return cost(target(value));
    if (UNUSED.has(name)) return 0;
    const price = name === 'pattern' ? PATTERN : 1;
    if (ONE.has(name)) return Array.isArray(value) ? sum(value.map(cost)) : cost(value);
    if (LIST.has(name) && Array.isArray(value)) return sum(value.map(cost));
    if (!NAMED.has(name) || !isObject(value)) return price * size(value);
    return sum(Object.values(value).map((schema) => cost(schema) + (name === 'patternProperties' ? PATTERN : 0)));
  }

  function target(reference: unknown): unknown {
    const [base, fragment = ''] = String(reference).split('#');
    if (base !== '' && base !== root.$id) throw new Error('A `$ref` can only refer to a place in the same schema.');
    if (fragment !== '' && !fragment.startsWith('/')) {
      const places = anchors.get(fragment) ?? [];
      if (places.length !== 1) throw new Error(`The schema must have exactly one anchor named ${quoted(fragment)}.`);
      return places[0];
    }
    let at: unknown = root;
    for (const step of fragment.split('/').slice(1)) {
      // A reference below a nested `$id` would be resolved relative to that `$id`.
      if (at !== root && isObject(at) && typeof at.$id === 'string')
        throw new Error('`$id` is only accepted at the top of a schema.');
      const name = nameOfStep(decodeURIComponent(step));
      if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name))
        throw new Error(`A \`$ref\` refers to ${quoted(`#${fragment}`)}, which does not exist in the schema.`);
      at = (at as Members)[name];
    }
    return at;
  }
}

const isObject = (value: unknown): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value);
const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
const size = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + sum(Object.values(value).map(size)) : 1;

function anchorsOf(value: unknown, anchors = new Map<unknown, unknown[]>()): Map<unknown, unknown[]> {
  if (typeof value !== 'object' || value === null) return anchors;
  for (const [name, member] of Object.entries(value)) {
    if (name === '$anchor' || name === '$dynamicAnchor') anchors.set(member, [...(anchors.get(member) ?? []), value]);
    anchorsOf(member, anchors);
  }
  return anchors;
}
