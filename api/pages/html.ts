import { createHash } from 'node:crypto';
import type { Response } from 'express';
import type { Words } from '../dashboards.ts';

export type Locale = keyof Words;

const STYLE = `
:root { color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.5; }
body { margin: 0 auto; max-width: 70rem; padding: 1rem; }
main { display: grid; gap: 0 2rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); align-items: start; }
section { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #8888; padding: 0.25rem 0.5rem; text-align: start; overflow-wrap: anywhere; }
th.number, td.number { text-align: end; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
`;
const HASH = createHash('sha256').update(STYLE).digest('base64');

// Nothing runs here, nothing is loaded, and no other page may frame it.
const POLICY = `default-src 'none'; style-src 'sha256-${HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** A text as it may stand in an element or an attribute. */
export const escaped = (text: string) => text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);

/** A whole page around `body`, which is HTML already; sets the headers that such a page needs. */
export function pageOf(response: Response, locale: Locale, title: string, body: string): string {
  response.setHeader('content-security-policy', POLICY);
  response.setHeader('x-frame-options', 'DENY');
  return `<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
${body}
</body>
</html>
`;
}
