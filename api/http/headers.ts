/**
 * Headers of every answer. What is asked for with a key must stay in no cache that others share, so nothing does, but for the
 * files of the pages, which say so themselves. No other site's page may show our answers, as an image or a script.
 * There is no Access-Control header here or anywhere: no page of another origin reads an answer.
 */
export const ALWAYS = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const;
