import type { ErrorObject } from 'ajv/dist/ajv.js';
import { nameOf, quoted } from '../../lib/input-faults.ts';
import { nameOfStep } from '../../lib/json-fields.ts';

const MAX_LISTED = 15;
const TYPES: Record<string, string> = {
  array: 'a list',
  boolean: 'true or false',
  integer: 'a whole number',
  null: 'null',
  number: 'a number',
  object: 'an object',
  string: 'a string',
};

/**
 * Returns an error of Ajv as one sentence. It names the member and what the schema expects, but never the value: the sentence
 * is kept in quarantine, and the value may be personal data.
 */
export function schemaFault(
  { keyword, params, message = '', instancePath }: ErrorObject,
  root: string,
  value: unknown,
): string {
  const steps = instancePath.split('/').slice(1).map(nameOfStep);
  const path = [root, ...steps];
  const subject = nameOf(path);
  const named = (name: unknown) => nameOf([...path, String(name)]);
  switch (keyword) {
    case 'required':
      return `${named(params.missingProperty)} is missing.`;
    case 'dependencies':
    case 'dependentRequired':
      return `${named(params.missingProperty)} is missing: ${named(params.property)} needs it.`;
    case 'additionalProperties':
      return `${named(params.additionalProperty)} is not a member that the schema allows.`;
    case 'unevaluatedProperties':
      return `${named(params.unevaluatedProperty)} is not a member that the schema allows.`;
    case 'propertyNames':
      return `${quoted(String(params.propertyName))} is not a name that the schema allows in ${subject}.`;
    case 'type':
      return `${subject} must be ${[params.type].flat().map(typeName).join(' or ')}; it is ${typeOf(at(value, steps))}.`;
    case 'enum':
      return `${subject} must be ${oneOf(params.allowedValues)}.`;
    case 'const':
      return `${subject} must be ${shown(params.allowedValue)}.`;
    case 'format':
      return `${subject} must have the format ${quoted(String(params.format))}.`;
    case 'pattern':
      return `${subject} must match the pattern ${params.pattern}.`;
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return `${subject} must be ${params.comparison} ${params.limit}.`;
    case 'multipleOf':
      return `${subject} must be a multiple of ${params.multipleOf}.`;
    case 'minLength':
      return `${subject} must have at least ${counted(params.limit, 'character')}.`;
    case 'maxLength':
      return `${subject} must have at most ${counted(params.limit, 'character')}.`;
    case 'minItems':
      return `${subject} must have at least ${counted(params.limit, 'item')}.`;
    case 'maxItems':
    case 'items':
    case 'additionalItems':
      return `${subject} must have at most ${counted(params.limit, 'item')}.`;
    case 'minProperties':
      return `${subject} must have at least ${counted(params.limit, 'member')}.`;
    case 'maxProperties':
      return `${subject} must have at most ${counted(params.limit, 'member')}.`;
    case 'uniqueItems':
      return `${subject} must not have an item twice.`;
    case 'oneOf':
      return `${subject} must match exactly one of the schema's alternatives.`;
    case 'anyOf':
      return `${subject} must match one of the schema's alternatives.`;
    case 'not':
    case 'false schema':
      return `${subject} has a value that the schema forbids.`;
    default:
      return `${subject} ${message || 'does not match the schema'}.`;
  }
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;
const typeName = (type: string) => TYPES[type] ?? type;
const shown = (value: unknown) =>
  typeof value === 'string' ? quoted(value) : (JSON.stringify(value) ?? 'absent').slice(0, 40);
const oneOf = (values: unknown[]) =>
  values.length > MAX_LISTED ? `one of the ${values.length} values of the schema` : `one of ${values.map(shown).join(', ')}`;

function typeOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'boolean') return String(value);
  return typeName(value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value);
}

function at(value: unknown, steps: string[]): unknown {
  return steps.reduce<unknown>(
    (found, step) =>
      typeof found === 'object' && found !== null && Object.hasOwn(found, step)
        ? (found as Record<string, unknown>)[step]
        : undefined,
    value,
  );
}
