import type { IncomingHttpHeaders } from 'node:http';
import { decodeUtf8 } from '../http/body.ts';
import { invalidJson, invalidRequest } from '../http/problems.ts';

const PREFIX = 'ce-';
const NAME = /^[a-z0-9]+$/;
const JSON_TYPE = /^(application\/json|text\/json|[^;]+\+json)\s*(;|$)/;
const TEXT_TYPE = /^(text\/|application\/(xml|x-www-form-urlencoded)|[^;]+\+xml)/;

/** Whether a request is in binary mode (CloudEvents HTTP binding 1.0.2, section 3): `ce-` headers, no envelope in the body. */
export function isBinaryMode(headers: IncomingHttpHeaders): boolean {
  if (/^\s*application\/cloudevents/i.test(headers['content-type'] ?? '')) return false;
  return Object.keys(headers).some((name) => name.startsWith(PREFIX));
}

/**
 * Returns the same event in structured mode, as JSON text. Headers become attributes. The body becomes `data` if its type is
 * JSON or text, else `data_base64`. Throws 400 if a header or a JSON body cannot be read.
 */
export function structured(headers: IncomingHttpHeaders, body: Buffer): string {
  const members: [name: string, source: string][] = [];
  for (const [header, value] of Object.entries(headers)) {
    if (!header.startsWith(PREFIX)) continue;
    const name = header.slice(PREFIX.length);
    if (!NAME.test(name) || name === 'data' || name === 'datacontenttype') {
      throw badHeader(header, 'This is not a CloudEvents attribute. Names have lower-case letters and digits only.');
    }
    members.push([name, JSON.stringify(decodeHeader(header, String(value)))]);
  }
  const type = headers['content-type'];
  if (type !== undefined) members.push(['datacontenttype', JSON.stringify(type)]);
  if (body.length > 0) members.push(dataOf(body, type?.trim().toLowerCase()));
  return `{${members.map(([name, source]) => `${JSON.stringify(name)}:${source}`).join(',')}}`;
}

function dataOf(body: Buffer, type: string | undefined): [name: string, source: string] {
  if (type === undefined || JSON_TYPE.test(type)) return ['data', jsonSource(body)];
  const charset = /;\s*charset="?([^";\s]+)/.exec(type)?.[1] ?? 'utf-8';
  if (TEXT_TYPE.test(type) && /^(utf-?8|us-ascii)$/.test(charset)) return ['data', JSON.stringify(decodeUtf8(body))];
  return ['data_base64', JSON.stringify(body.toString('base64'))];
}

// The text is inserted as a member of another object, so it must be one complete value.
function jsonSource(body: Buffer): string {
  const text = decodeUtf8(body);
  try {
    JSON.parse(text);
  } catch {
    throw invalidJson('The Content-Type is JSON, but the body cannot be parsed as JSON.');
  }
  return text;
}

// Section 3.1.3.2: percent-encoded UTF-8, quoted or not. Node returns the bytes of a header as Latin-1.
function decodeHeader(header: string, value: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)"$/s.exec(value)?.[1];
  const text = quoted === undefined ? value : quoted.replace(/\\(.)/gs, '$1');
  try {
    return decodeURIComponent(decodeUtf8(Buffer.from(text, 'latin1')).replace(/%(?![0-9a-f]{2})/gi, '%25'));
  } catch {
    throw badHeader(header, 'The value is not valid percent-encoded UTF-8.');
  }
}

const badHeader = (header: string, detail: string) =>
  invalidRequest([{ pointer: `/${header}`, code: 'invalid-header', detail: `The header ${header}: ${detail}` }]);
