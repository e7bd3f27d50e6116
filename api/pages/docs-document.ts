/** As much of an OpenAPI document as its page shows. */
export type OpenApi = {
  info: { title: string; version: string; description: string };
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
};

export type Operation = {
  operationId: string;
  summary: string;
  description: string;
  tags: string[];
  security?: Record<string, unknown>[];
  'x-scopes'?: string[];
  parameters?: DocumentedParameter[];
  requestBody?: { content: MediaTypes };
  responses: Record<string, { description: string; content?: MediaTypes }>;
};

export type DocumentedParameter = {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  deprecated?: boolean;
  description?: string;
  schema: Schema;
  example?: string;
};

export type MediaTypes = Record<string, { schema: Schema; example?: unknown }>;

export type Schema = {
  type?: string | string[];
  format?: string;
  description?: string;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
};

/** A call of the document with its address. */
export type DocumentedCall = { method: string; path: string; operation: Operation };

/** Calls in the order of their tags. */
export function callsByTag({ tags, paths }: OpenApi): { tag: OpenApi['tags'][number]; calls: DocumentedCall[] }[] {
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
  return tags.map((tag) => ({ tag, calls: all.filter(({ operation }) => operation.tags.includes(tag.name)) }));
}
