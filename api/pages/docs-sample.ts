import type { DocumentedCall, MediaTypes } from './docs-document.ts';

/** A call of curl that sends the example; `$ORIGIN` stands for the address of the platform. */
export function curlOf({ method, path, operation }: DocumentedCall): string {
  const { parameters = [], requestBody } = operation;
  const inPath = (name: string) => parameters.find((one) => one.in === 'path' && one.name === name)?.example ?? name;
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(inPath(name)));
  const query = parameters.flatMap((one) =>
    one.in === 'query' && one.example !== undefined ? [`${one.name}=${readable(one.example)}`] : [],
  );
  const address = `$ORIGIN${filled}${query.length > 0 ? `?${query.join('&')}` : ''}`;
  const [type, { example }] = bodyOf(requestBody?.content);
  const key = keyOf(operation['x-scopes']);
  // A POST with a body needs no -X, and brackets in an address need -g.
  const isImplied = method === 'GET' || (method === 'POST' && example !== undefined);
  return [
    `curl${isImplied ? '' : ` -X ${method}`}${address.includes('[') ? ' -g' : ''} "${address}"`,
    ...(key ? [`-H "Authorization: Bearer ${key}"`] : []),
    ...(example === undefined ? [] : [`-H 'Content-Type: ${type}'`, `-d '${textOf(example).replaceAll("'", "'\\''")}'`]),
  ].join(' \\\n  ');
}

const bodyOf = (content: MediaTypes = {}): [string, { example?: unknown }] => Object.entries(content)[0] ?? ['', {}];

const readable = (value: string) => encodeURIComponent(value).replaceAll('%3A', ':').replaceAll('%2C', ',');

// As docs/tutorial.md and the first page name them.
const keyOf = (scopes: string[] = []) => (scopes[0] ? `$${scopes[0].replace('-', '_').toUpperCase()}_KEY` : undefined);

/** An example as people read it: JSON with indents, other media types as they are. */
export const textOf = (example: unknown): string => (typeof example === 'string' ? example : JSON.stringify(example, null, 2));
