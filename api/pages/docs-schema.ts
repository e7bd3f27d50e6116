import { escaped } from '../../lib/html.ts';
import type { Schema } from './docs-document.ts';

/** A sentence of the document: what stands between backticks is code. */
export const prose = (text: string): string => escaped(text).replace(/`([^`]+)`/g, '<code>$1</code>');

/** The members of a schema as a list, each with its type and what it is; an empty text where it has none. */
export function fieldsOf(schema: Schema): string {
  const variants = variantsOf(schema).filter((one) => fieldsOf(one) !== '');
  if (variants.length > 1) {
    return `<ul class="variants">${variants.map((one) => `<li><p>${namedBy(one)}</p>${fieldsOf(one)}</li>`).join('')}</ul>`;
  }
  if (variants[0]) return fieldsOf(variants[0]);
  if (schema.items) return fieldsOf(schema.items);
  const members = Object.entries(schema.properties ?? {});
  if (members.length === 0) return '';
  const items = members.map(([name, of]) => fieldOf(name, of, schema.required?.includes(name) ?? false));
  return `<ul class="fields">${items.join('')}</ul>`;
}

/** One member or parameter: name, type, whether it is needed, and what it is. */
export function fieldOf(name: string, schema: Schema, isRequired: boolean, about = describedBy(schema)): string {
  const marks = `<span class="type">${escaped(typeOf(schema))}</span>${isRequired ? '<span class="needed">required</span>' : ''}`;
  const text = [about, boundsOf(schema)].filter(Boolean).map((part) => prose(part as string));
  return `<li><code>${escaped(name)}</code>${marks}${text.length > 0 ? `<p>${text.join(' ')}</p>` : ''}${fieldsOf(schema)}</li>`;
}

const variantsOf = ({ anyOf, oneOf }: Schema): Schema[] => anyOf ?? oneOf ?? [];

// What tells a variant of a body from the others.
function namedBy(schema: Schema): string {
  const fixed = Object.entries(schema.properties ?? {}).find(([, of]) => of.const !== undefined);
  if (fixed) return `Where <code>${escaped(fixed[0])}</code> is <code>${escaped(String(fixed[1].const))}</code>:`;
  return schema.items ? 'A list of:' : 'One of:';
}

const describedBy = (schema: Schema): string | undefined =>
  schema.description ?? variantsOf(schema).find(({ description }) => description)?.description;

function typeOf(schema: Schema): string {
  const variants = variantsOf(schema);
  if (variants.length > 0) return [...new Set(variants.map(typeOf))].join(' or ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(' or ');
  if (schema.items) return `list of ${typeOf(schema.items)}`;
  if (schema.format) return schema.format;
  return [schema.type ?? 'any'].flat().join(' or ');
}

// Bounds as words; those that every cursor or text has would only be noise beside its name.
function boundsOf({ minimum, maximum, default: preset }: Schema): string | undefined {
  const range = minimum !== undefined && maximum !== undefined ? `From ${minimum} to ${maximum}.` : undefined;
  const least = range === undefined && minimum !== undefined ? `At least ${minimum}.` : undefined;
  const otherwise = preset === undefined || typeof preset === 'object' ? undefined : `If absent: \`${String(preset)}\`.`;
  return [range, least, otherwise].filter(Boolean).join(' ') || undefined;
}
