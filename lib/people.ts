/** What identifies a person by its form alone: e-mail addresses, CPF numbers with valid check digits, and telephone numbers. */
const FORMS =
  /[\p{L}\p{N}._%+'-]+@[\p{L}\p{N}][\p{L}\p{N}-]*(?:\.[\p{L}\p{N}-]+)*\.\p{L}{2,}|(?<![\p{L}\p{N}.-])(?:\d{3}\.\d{3}\.\d{3}-\d{2}|\d{11})(?![\p{L}\p{N}-])|(?<![\p{L}\p{N}+])\+\d{1,3}[ .-]?\(?\d{2,3}\)?[ .-]?\d{4,5}[ .-]?\d{4}(?!\d)|\(\d{2}\) ?9?\d{4}[ .-]?\d{4}(?!\d)/gu;

/** A Brazilian mobile number as digits alone: also the form of many an order number, so it counts only where asked for. */
const MOBILE = /(?<![\p{L}\p{N}])(?:55)?[1-9]{2}9\d{8}(?![\p{L}\p{N}])/gu;

// The linear look that lets nearly every text pass without the forms: each has one of these signs, or eleven digits. A loop, because
// every event that arrives is looked at, and an expression takes twice as long.
function mayName(text: string): boolean {
  let digits = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 48 && code <= 57) {
      if (++digits === 11) return true;
    } else if (code === AT || code === PLUS || code === PARENTHESIS || (code === DOT && digits >= 3)) return true;
    else digits = 0;
  }
  return false;
}
const [AT, PLUS, PARENTHESIS, DOT] = [64, 43, 40, 46];

/**
 * `text` with `replace` applied to each part that identifies a person by its form; the very same text if none does. `digits`: also
 * to what may be a mobile number without any sign of it.
 */
export function replacePeople(text: string, replace: (found: string) => string, digits = false): string {
  if (!mayName(text)) return text;
  const free = text.replace(FORMS, (found) => (/^[\d.-]+$/.test(found) && !isCpf(found) ? found : replace(found)));
  return digits ? free.replace(MOBILE, replace) : free;
}

/** Whether a text holds an e-mail address, a CPF number or a telephone number. */
export const namesPerson = (text: string, digits = false): boolean => replacePeople(text, () => '', digits) !== text;

function isCpf(text: string): boolean {
  const digits = [...text.replace(/\D/g, '')].map(Number);
  if (digits.length !== 11 || new Set(digits).size === 1) return false;
  const check = (length: number) => {
    const sum = digits.slice(0, length).reduce((total, digit, at) => total + digit * (length + 1 - at), 0);
    return ((sum * 10) % 11) % 10;
  };
  return check(9) === digits[9] && check(10) === digits[10];
}

/**
 * Whether an identifier is so particular that a text with it means the person: an e-mail address and the like, or at least eight
 * characters with a digit. `7` and `ana` occur in texts about others.
 */
export const isParticular = (identifier: string): boolean =>
  namesPerson(identifier) || (identifier.length >= 8 && /\d/.test(identifier));

/** The spellings of an identifier that mean the same person: a CPF number with and without its dots. */
export function spellingsOf(identifier: string): string[] {
  if (!/^\d{3}\.?\d{3}\.?\d{3}-?\d{2}$/.test(identifier) || !isCpf(identifier)) return [identifier];
  const digits = identifier.replace(/\D/g, '');
  return [...new Set([identifier, digits, digits.replace(/(\d{3})(\d{3})(\d{3})/, '$1.$2.$3-')])];
}

/**
 * A pattern for any of the names as words of their own, in either case, for RegExp with the flags `giu`. Neither `ana@b.br` in
 * `maria.ana@b.br` nor `ana@b.co` in `ana@b.co.uk` is one.
 */
export function wordPattern(names: readonly string[]): string {
  const any = names.map((name) => name.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|');
  return `(?<![\\p{L}\\p{N}_.+%-])(?:${any})(?![\\p{L}\\p{N}_]|[.-][\\p{L}\\p{N}])`;
}

/** The same for PostgreSQL (`~*`) and RE2 (`i`), which both lack a part of that. A match may have a character more at each end. */
export function wordPatternSql(names: readonly string[]): string {
  const any = names.map((name) => name.replace(/[^\p{L}\p{N}_ ]/gu, '\\$&')).join('|');
  return `(^|[^[:alnum:]_.+%-])(${any})($|[^[:alnum:]_.-]|[.-]($|[^[:alnum:]]))`;
}
