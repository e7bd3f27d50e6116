import { RE2JS } from 're2js';
import { quoted } from '../../lib/input-faults.ts';
import { type Fault, pointerTo } from '../http/problems.ts';

/** Keywords whose value is data, not schemas. */
const VALUES = new Set(['const', 'enum', 'default', 'examples']);
/** Keywords whose value is an object with names chosen by the sender. */
const NAMED = new Set(['properties', '$defs', 'definitions', 'dependentSchemas', 'dependencies']);

/** Compiles a `pattern` for Ajv. RE2 takes time linear in the text, so no tenant's pattern can block the shared process. */
export function linearRegExp(pattern: string) {
  const compiled = RE2JS.compile(pattern);
  // Ajv treats two patterns with equal text as one.
  return { test: (text: string) => compiled.matcher(text).find(), toString: () => pattern };
}
linearRegExp.code = 'linearRegExp';

/** Returns each pattern of a schema that RE2 cannot run, with its place and the reason. */
export function patternFaults(schema: unknown, pointer: string): Fault[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([name, value]) => {
    const at = pointer + pointerTo(name);
    if (VALUES.has(name)) return [];
    if (name === 'pattern' && typeof value === 'string') return faultOf(value, at);
    if (!isObject(value) || !(NAMED.has(name) || name === 'patternProperties')) return patternFaults(value, at);
    return Object.entries(value).flatMap(([key, member]) => [
      ...(name === 'patternProperties' ? faultOf(key, at) : []),
      ...patternFaults(member, at + pointerTo(key)),
    ]);
  });
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);

function faultOf(pattern: string, pointer: string): Fault[] {
  try {
    RE2JS.compile(pattern);
    return [];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const detail = `The pattern ${quoted(pattern)} cannot be used: ${reason}. RE2 runs the patterns; it does not support lookahead, lookbehind or backreferences.`;
    return [{ pointer, code: 'invalid-pattern', detail }];
  }
}
