const EMAIL = /[\p{L}\p{N}._%+'-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/gu;
// United Kingdom: two letters, six digits, one letter.
const NATIONAL_INSURANCE = /\b[A-Z]{2}[ .-]?\d{2}[ .-]?\d{2}[ .-]?\d{2}[ .-]?[A-D]\b/gi;
// Telephone, CPF, NHS, card and account numbers: at least eight digits, with what people write between them.
const DIGITS = /\+?\(?\d(?:[ ().-]{0,2}\d){7,18}/g;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** Returns a comment with marks in place of e-mail addresses and of numbers that may identify a person. */
export function maskPersonal(comment: string): string {
  return comment
    .normalize('NFKC')
    .replace(EMAIL, '[e-mail]')
    .replace(NATIONAL_INSURANCE, '[number]')
    .replace(DIGITS, (found) => (DATE.test(found) ? found : '[number]'));
}
