import type { IncomingHttpHeaders } from 'node:http';
import { decodeUtf8 } from '../http/body.ts';
import { unsupportedMediaType } from '../http/problems.ts';
import { isBinaryMode, structured } from './binary-event.ts';

const JSON_TYPES = new Set(['application/json', 'application/cloudevents+json', 'application/cloudevents-batch+json']);
const NDJSON_TYPES = new Set(['application/x-ndjson', 'application/ndjson']);

/** How the events of a request are written. */
export type EventForm = {
  kind: 'json' | 'lines' | 'binary';
  /** The body as JSON text, or one event a line. Throws 400 where it cannot be decoded. */
  text: (body: Buffer) => string;
  /** All that the sender said, by which a repeated request is recognised. */
  sent: (body: Buffer) => Buffer;
};

/** Reads from the headers how the events are written: structured, batched, one a line, or in binary mode. Throws 415. */
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
