import { escaped } from '../../lib/html.ts';
import type { Schema } from './docs-document.ts';

/** A sentence of the document: what is between backticks is code. */
export const prose = (text: string): string => escaped(text).replace(/`([^`]+)`/g, '<code>$1</code>');

/** The members of a schema as a list, each with its type and what it is; an empty text where it has none. */
export function fieldsOf(schema: Schema, isSent = false): string {
  const variants = variantsOf(schema).filter((one) => fieldsOf(one) !== '');
  if (variants.length > 1) {
    return `<ul class="variants">${variants.map((one) => `<li><p>${namedBy(one)}</p>${fieldsOf(one, isSent)}</li>`).join('')}</ul>`;
  }
  if (variants[0]) return fieldsOf(variants[0], isSent);
  if (schema.items) return fieldsOf(schema.items, isSent);
  const members = Object.entries(schema.properties ?? {});
  if (members.length === 0) return '';
  // Of an answer, everything is there unless its description says otherwise.
  const marksOf = (name: string) => (isSent ? [schema.required?.includes(name) ? 'required' : 'optional'] : []);
  const items = members.map(([name, of]) => fieldOf(name, of, marksOf(name)));
  return `<ul class="fields">${items.join('')}</ul>`;
}

/** One member or parameter: name, type, what else is to know at a glance, and what it is. */
export function fieldOf(name: string, schema: Schema, marks: string[] = [], about = describedBy(schema)): string {
  const shown = [typeOf(schema), ...marks].map((mark) => `<span class="type">${escaped(mark)}</span>`);
  const text = [about && /\w$/.test(about) ? `${about}.` : about, boundsOf(schema)].filter(Boolean).join(' ');
  return `<li><code>${escaped(name)}</code>${shown.join('')}${text ? `<p>${prose(text)}</p>` : ''}${fieldsOf(schema, marks.length > 0)}</li>`;
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
