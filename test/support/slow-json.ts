export type JsonFacts = { members: number; depth: number; repeatedKey: boolean; unstorable: boolean };

/**
 * Reads a JSON text recursively, character by character: the slow reference for the fast scan of lib/json-items.ts.
 * The text must be JSON.
 */
export function factsOf(text: string): JsonFacts {
  const facts = { members: 0, depth: 0, repeatedKey: false, unstorable: false };
  let at = 0;

  const space = () => {
    while (' \t\n\r'.includes(text[at] ?? 'x')) at++;
  };

  function string(): string {
    const start = at++;
    while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
    at++;
    const value = JSON.parse(text.slice(start, at)) as string;
    for (let n = 0; n < value.length; n++) {
      const point = value.codePointAt(n) as number;
      if (point === 0 || (point >= 0xd800 && point <= 0xdfff)) facts.unstorable = true;
      if (point > 0xffff) n++;
    }
    return value;
  }

  function value(depth: number): void {
    space();
    const first = text[at] as string;
    if (first === '"') string();
    else if (first === '{' || first === '[') {
      facts.depth = Math.max(facts.depth, depth + 1);
      const [close, keys] = [first === '{' ? '}' : ']', new Set<string>()];
      at++;
      space();
      while (text[at] !== close) {
        if (text[at] === ',') at++;
        if (first === '{') {
          space();
          const key = string();
          if (keys.has(key)) facts.repeatedKey = true;
          keys.add(key);
          facts.members++;
          space();
          at++;
        }
        value(depth + 1);
        space();
      }
      at++;
    } else while (at < text.length && !',]} \t\n\r'.includes(text[at] as string)) at++;
  }

  value(0);
  return facts;
}
