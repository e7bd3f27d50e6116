/** One JSON value of a body: its source text, and what a scan finds more cheaply than a parse. */
export type JsonItem = {
  text: string;
  /** Where it begins in the body. */
  start: number;
  /** Source text of the member `data` of an object, if the name is written without escapes. */
  data: string | undefined;
  /** Number of members in all of its objects; repeated members count each time. */
  members: number;
  depth: number;
  /** True if a number has an exponent of four digits or more, which double precision cannot hold. */
  hugeExponent: boolean;
};

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const HUGE_EXPONENT = /[eE][+-]?0*[1-9]\d{3}/y;

/**
 * Cuts the source text of a JSON body into its items: those of a top-level array, else the one value. Items are only delimited
 * here; JSON.parse checks each. Stops after `most` + 1 items. Returns undefined for a malformed array: faultAt() says where.
 */
export function cutItems(text: string, most: number): JsonItem[] | undefined {
  const { items, isWhole } = cut(text, most);
  return isWhole ? items : undefined;
}

/** For a body that cutItems() refuses: returns the number of delimited items, and the position of the first wrong character. */
export function faultAt(text: string): { items: number; at: number } {
  const { items, end } = cut(text, Number.POSITIVE_INFINITY);
  return { items: items.length, at: end };
}

function cut(text: string, most: number): { items: JsonItem[]; isWhole: boolean; end: number } {
  const items: JsonItem[] = [];
  let at = skipSpace(text, 0);
  if (text.charCodeAt(at) !== OPEN_BRACKET) {
    const [item, end] = scan(text, at);
    items.push(item);
    return { items, isWhole: end === text.length, end };
  }
  at = skipSpace(text, at + 1);
  let isClosed = text.charCodeAt(at) === CLOSE_BRACKET;
  while (!isClosed && items.length <= most) {
    const [item, end] = scan(text, at);
    items.push(item);
    isClosed = text.charCodeAt(end) === CLOSE_BRACKET;
    at = end;
    if (isClosed) break;
    if (text.charCodeAt(end) !== COMMA) return { items, isWhole: false, end };
    at = end + 1;
  }
  if (!isClosed) return { items, isWhole: true, end: at };
  const end = skipSpace(text, at + 1);
  return { items, isWhole: end === text.length, end };
}

/** Cuts newline-delimited JSON into one item per line and skips empty lines. Stops after `most` + 1 items. */
export function cutLines(text: string, most: number): JsonItem[] {
  const items: JsonItem[] = [];
  let start = 0;
  while (start < text.length && items.length <= most) {
    let end = text.indexOf('\n', start);
    if (end === -1) end = text.length;
    const line = trimmed(text, start, end);
    // The item is the whole line, even if a stray comma or bracket ends the value early, so that JSON.parse sees all of it.
    if (line !== '') items.push({ ...scan(line, 0)[0], text: line, start: skipSpace(text, start) });
    start = end + 1;
  }
  return items;
}

// Walks one value up to the comma, bracket or brace after it, or to the end of the text.
function scan(text: string, start: number): [JsonItem, number] {
  let depth = 0;
  let deepest = 0;
  let members = 0;
  let hugeExponent = false;
  let keyStart = -1;
  let dataStart = -1;
  let dataEnd = -1;
  let at = start;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      keyStart = at + 1;
      at = endOfString(text, at);
    } else if (code === COLON) {
      members++;
      if (depth === 1 && at >= keyStart + 5 && text.startsWith('data"', keyStart)) dataStart = at + 1;
    } else if (code === COMMA) {
      if (depth === 0) break;
      if (depth === 1 && dataStart > dataEnd) dataEnd = at;
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (++depth > deepest) deepest = depth;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      if (depth === 0) break;
      if (depth === 1 && dataStart > dataEnd) dataEnd = at;
      depth--;
    } else if ((code === 101 || code === 69) && isDigit(text.charCodeAt(at - 1))) {
      HUGE_EXPONENT.lastIndex = at;
      if (HUGE_EXPONENT.test(text)) hugeExponent = true;
    }
  }
  const data = dataEnd > dataStart && dataStart > 0 ? trimmed(text, dataStart, dataEnd) : undefined;
  return [{ text: trimmed(text, start, at), start: skipSpace(text, start), data, members, depth: deepest, hugeExponent }, at];
}

/** Returns the position of the quote that ends the string beginning at `open`. */
export function endOfString(text: string, open: number): number {
  let close = open;
  for (;;) {
    close = text.indexOf('"', close + 1);
    if (close === -1) return text.length;
    let before = close - 1;
    while (text.charCodeAt(before) === BACKSLASH) before--;
    if ((close - before) % 2 === 1) return close;
  }
}

/** Returns name and source text of each member of a JSON object, in order, also repeated names. The text must be valid JSON. */
export function sourcesOf(text: string): [name: string, source: string][] {
  const sources: [string, string][] = [];
  let at = skipSpace(text, skipSpace(text, 0) + 1);
  while (text.charCodeAt(at) === QUOTE) {
    const end = endOfString(text, at) + 1;
    const start = skipSpace(text, skipSpace(text, end) + 1);
    const close = endOfValue(text, start);
    sources.push([JSON.parse(text.slice(at, end)) as string, text.slice(start, close)]);
    at = skipSpace(text, skipSpace(text, close) + 1);
  }
  return sources;
}

/** Returns the position after the value that begins at `start`. */
export function endOfValue(text: string, start: number): number {
  return start + scan(text, start)[0].text.length;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** Returns the position of the first character at or after `from` that is not JSON white space. */
export function skipSpace(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at++;
  return at;
}

// String.prototype.trim() also removes white space that JSON does not allow, and would accept invalid JSON.
function trimmed(text: string, from: number, to: number): string {
  let [start, end] = [from, to];
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 32 || code === 10 || code === 13 || code === 9;
}
