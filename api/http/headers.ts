/**
 * Headers of every answer. Answers to a key must not enter a shared cache, so nothing is cached, except the files of the pages,
 * which set their own header. Pages of other sites may not load our answers as images or scripts.
 * There is no Access-Control header here or anywhere else: no page of another origin can read an answer.
 */
export const ALWAYS = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const;
