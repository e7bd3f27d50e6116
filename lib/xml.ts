import { TextDecoder } from 'node:util';
import { SaxesParser, type SaxesTagNS } from 'saxes';

/** Longest token (text, tag, comment), in characters. What is longer would have to be held in memory. */
const MAX_TOKEN = 1 << 20;
const MAX_DEPTH = 64;
const MAX_ATTRIBUTES = 256;
/** Bytes parsed at once: a few milliseconds. */
export const XML_PIECE_BYTES = 64 << 10;
/** Enough for the longest XML declaration in use. */
const HEAD_BYTES = 256;

/** Why a document was refused: what is wrong, and on which line, from 1. */
export class XmlFault extends Error {
  readonly code: string;
  readonly line: number;

  constructor(code: string, detail: string, line: number) {
    super(detail);
    this.code = code;
    this.line = line;
  }
}

/** An element as it opens. `uri` is its namespace; `attribute` returns the text of an attribute without a namespace. */
export type XmlElement = { name: string; uri: string; line: number; attribute: (name: string) => string | undefined };

export type XmlHandlers = {
  open: (element: XmlElement) => void;
  close: () => void;
  /** Text or CDATA. One text may come in several calls. */
  text: (text: string) => void;
};

export type XmlReader = {
  /** Parses the next bytes, XML_PIECE_BYTES at most. Throws XmlFault. */
  write: (bytes: Uint8Array) => void;
  /** Ends the document. Throws XmlFault where it is not complete. */
  end: () => void;
  /** In a handler: bytes of the document up to the end of the tag that it was called for. */
  offset: () => number;
};

/**
 * Returns a parser of one XML document in UTF-8, UTF-16 or Latin-1, which holds one token at a time. It refuses every DOCTYPE, so there
 * are no entities but the five of XML itself, and nothing outside the document is ever read.
 */
export function createXmlReader(handlers: XmlHandlers): XmlReader {
  const parser = new SaxesParser<{ xmlns: true; position: true }>({ xmlns: true, position: true });
  let depth = 0;
  let unfinished = 0;
  const refuse = (code: string, detail: string): never => {
    throw new XmlFault(code, detail, parser.line);
  };
  const finished = () => {
    unfinished = 0;
  };

  parser.on('error', ({ message }) =>
    refuse('not-well-formed', `The document is not well-formed XML: ${message.replace(/^(.*?)\d+:\d+: /, '$1').slice(0, 200)}`),
  );
  parser.on('doctype', () => refuse('doctype-refused', 'The document has a DOCTYPE, which is not accepted. Leave it out.'));
  parser.on('opentag', (tag) => {
    finished();
    depth += 1;
    if (depth > MAX_DEPTH) refuse('too-deep', `Elements are nested more than ${MAX_DEPTH} levels deep.`);
    if (countOf(tag.attributes) > MAX_ATTRIBUTES)
      refuse('too-many-attributes', `An element has more than ${MAX_ATTRIBUTES} attributes.`);
    handlers.open(elementOf(tag, parser.line));
  });
  parser.on('closetag', () => {
    finished();
    depth -= 1;
    handlers.close();
  });
  const text = (part: string) => {
    finished();
    handlers.text(part);
  };
  parser.on('text', text);
  parser.on('cdata', text);
  parser.on('comment', finished);
  parser.on('processinginstruction', finished);
  // V8 holds an object that was given many properties one by one as a slow table, but never a prototype. Parsing takes a third of the time.
  Object.create(parser);

  // Characters that follow a place, which is counted in characters, and the bytes before it.
  let ahead = { text: '', place: 0, bytes: 0 };
  function pass(to: number): number {
    const length = Math.max(0, to - ahead.place);
    const passed = ahead.text.slice(0, length);
    ahead = {
      text: ahead.text.slice(length),
      place: ahead.place + length,
      bytes: ahead.bytes + bytesIn(passed, decoder?.encoding),
    };
    return ahead.bytes;
  }

  let head: Buffer | undefined = Buffer.alloc(0);
  let decoder: TextDecoder | undefined;
  function decode(bytes: Uint8Array, stream: boolean): string {
    decoder ??= decoderFor(head as Buffer);
    try {
      return decoder.decode(bytes, { stream });
    } catch {
      return refuse('invalid-encoding', `The document is not valid ${decoder.encoding.toUpperCase()}.`);
    }
  }
  function decoderFor(first: Buffer): TextDecoder {
    // The decoder leaves out a byte order mark.
    ahead.bytes = /^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)/.exec(first.toString('latin1', 0, 3))?.[0].length ?? 0;
    return decoderOf(first, refuse);
  }
  function parse(bytes: Uint8Array, stream: boolean): void {
    const part = decode(bytes, stream);
    ahead.text += part;
    parser.write(part);
    // The parser may hold back a character of the last part, and its position is right only in handlers.
    if (part !== '') pass(ahead.place + ahead.text.length - part.length);
    unfinished += part.length;
    if (unfinished > MAX_TOKEN + part.length)
      refuse('too-long', `A text, tag or comment is longer than ${MAX_TOKEN} characters.`);
  }

  return {
    write(bytes) {
      if (!head) return parse(bytes, true);
      head = Buffer.concat([head, bytes]);
      if (head.length < HEAD_BYTES) return;
      const first = head;
      decoder = decoderFor(first);
      head = undefined;
      parse(first, true);
    },
    end() {
      parse(head ?? new Uint8Array(), false);
      parser.close();
    },
    offset: () => pass(parser.position),
  };
}

function bytesIn(text: string, encoding = 'utf-8'): number {
  if (encoding === 'utf-8') return Buffer.byteLength(text);
  return encoding.startsWith('utf-16') ? 2 * text.length : text.length;
}

function countOf(attributes: SaxesTagNS['attributes']): number {
  let count = 0;
  for (const _ in attributes) count += 1;
  return count;
}

const elementOf = ({ local, uri, attributes }: SaxesTagNS, line: number): XmlElement => ({
  name: local,
  uri,
  line,
  attribute: (name) => attributes[name]?.value,
});

const ENCODINGS: Record<string, string> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'utf-8',
  'iso-8859-1': 'windows-1252',
  'windows-1252': 'windows-1252',
};

// A byte order mark decides, then the zero bytes of UTF-16, then the declaration (XML 1.0, appendix F).
function decoderOf(head: Buffer, refuse: (code: string, detail: string) => never): TextDecoder {
  const start = head.toString('latin1', 0, HEAD_BYTES);
  const fatal = { fatal: true };
  if (start.startsWith('\xff\xfe') || start.startsWith('<\0')) return new TextDecoder('utf-16le', fatal);
  if (start.startsWith('\xfe\xff') || start.startsWith('\0<')) return new TextDecoder('utf-16be', fatal);
  if (start.startsWith('\xef\xbb\xbf')) return new TextDecoder('utf-8', fatal);
  const [, declared = 'utf-8'] = /^<\?xml[^>]*?encoding\s*=\s*["']([\w.-]+)["']/.exec(start) ?? [];
  const encoding = ENCODINGS[declared.toLowerCase()];
  if (!encoding)
    return refuse(
      'unknown-encoding',
      `The encoding ${declared.slice(0, 40)} is not supported. Send UTF-8, UTF-16 or ISO-8859-1.`,
    );
  return new TextDecoder(encoding, fatal);
}
