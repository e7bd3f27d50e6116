import type { IncomingHttpHeaders } from 'node:http';
import { decodeUtf8 } from '../http/body.ts';
import { unsupportedMediaType } from '../http/problems.ts';
import { isBinaryMode, structured } from './binary-event.ts';

const JSON_TYPES = new Set(['application/json', 'application/cloudevents+json', 'application/cloudevents-batch+json']);
const NDJSON_TYPES = new Set(['application/x-ndjson', 'application/ndjson']);

/** The format of the events of a request. */
export type EventForm = {
  kind: 'json' | 'lines' | 'binary';
  /** Returns the body as JSON text, or as one event per line. Throws 400 if it cannot be decoded. */
  text: (body: Buffer) => string;
  /** Returns all input of the sender, by which a repeated request is recognised. */
  sent: (body: Buffer) => Buffer;
};

/** Returns the format that the headers name: structured, batched, one event per line, or binary mode. Throws 415. */
export function formOf(headers: IncomingHttpHeaders): EventForm {
  if (isBinaryMode(headers)) {
    const attributes = JSON.stringify(Object.entries(headers).filter(([name]) => /^(ce-|content-type$)/.test(name)));
    return {
      kind: 'binary',
      text: (body) => structured(headers, body),
      sent: (body) => Buffer.concat([Buffer.from(attributes), body]),
    };
  }
  return { kind: kindOf(headers['content-type']), text: decodeUtf8, sent: (body) => body };
}

function kindOf(contentType: string | undefined): 'json' | 'lines' {
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';');
  const charset = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith('charset='));
  if (charset && !/^charset="?utf-?8"?$/.test(charset))
    throw unsupportedMediaType('The charset is not supported. Send events as UTF-8.');
  if (JSON_TYPES.has(type.trim())) return 'json';
  if (NDJSON_TYPES.has(type.trim())) return 'lines';
  const accepted = [...JSON_TYPES, 'application/x-ndjson'].join(', ');
  throw unsupportedMediaType(`Send one of: ${accepted}.`, { accept: accepted });
}
