import { createHash } from 'node:crypto';
import type { Response } from 'express';
import { escaped } from '../../lib/html.ts';
import type { Words } from '../dashboards/definition.ts';
import type { Assets } from './assets.ts';

export type Locale = keyof Words;

export type HtmlPage = {
  assets: Assets;
  /** Of the page’s words (BCP 47). */
  locale: Locale | 'cy';
  title: string;
  /** HTML, already escaped. */
  body: string;
  /** The class of the body in the stylesheet. */
  kind: 'console' | 'dashboard' | 'docs' | 'feedback' | 'home' | 'login' | 'problem';
  /** The colours that the reader chose; those of the system if absent. */
  theme?: 'system' | 'light' | 'dark';
  /** The page's module. */
  script?: string;
  /** Further modules of the page. */
  scripts?: readonly string[];
  /** Modules that it imports, so that the browser fetches all of them at once. */
  preload?: readonly string[];
  /** Stylesheets beside style.css. */
  sheets?: readonly string[];
  /** CSS of this page alone. */
  style?: string;
  /** Whether the page sends forms to this site. */
  forms?: boolean;
  /** Whether the page shows other pages of this site in a frame. */
  frames?: boolean;
  /** Origins that may show the page in a frame. */
  framedBy?: readonly string[];
};

/** Returns data for the page's module, in a script element that the browser does not run. */
export const dataIn = (id: string, data: unknown) =>
  `<script type="application/json" id="${id}">${JSON.stringify(data).replaceAll('<', '\\u003c')}</script>`;

/** Sends a page with its headers. */
export function sendPage(response: Response, page: HtmlPage): void {
  setPolicy(response, page);
  response.type('html').send(htmlOf(page));
}

/** Sets the policy of a page: it loads and runs only its own files. */
export function setPolicy(
  response: Response,
  { style, forms, frames, framedBy = [] }: Pick<HtmlPage, 'style' | 'forms' | 'frames' | 'framedBy'>,
): void {
  const own = style ? ` 'sha256-${createHash('sha256').update(style).digest('base64')}'` : '';
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self'${own}`,
    "img-src 'self' data:",
    "connect-src 'self'",
    ...(frames ? ["frame-src 'self'"] : []),
    "base-uri 'none'",
    `form-action ${forms ? "'self'" : "'none'"}`,
    `frame-ancestors ${framedBy.length > 0 ? framedBy.join(' ') : "'none'"}`,
  ];
  response.setHeader('content-security-policy', policy.join('; '));
  // X-Frame-Options cannot list origins. If there are any, omit it: the policy decides.
  if (framedBy.length > 0) response.removeHeader('x-frame-options');
  else response.setHeader('x-frame-options', 'DENY');
}

/** The HTML of a page. */
export function htmlOf(page: HtmlPage): string {
  const { assets, locale, title, body, kind, theme = 'system', script, scripts = [], preload = [], sheets = [], style } = page;
  const links = [
    ...['style.css', ...sheets].map((name) => `<link rel="stylesheet" href="${assets.url(name)}">`),
    ...(style ? [`<style>${style}</style>`] : []),
    ...(script ? [script, ...scripts] : scripts).map((name) => `<script type="module" src="${assets.url(name)}"></script>`),
    ...preload.map((name) => `<link rel="modulepreload" href="${assets.url(name)}">`),
  ];
  return `<!doctype html>
<html lang="${locale}"${theme === 'system' ? '' : ` data-theme="${theme}"`}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<link rel="icon" href="${assets.url('mark.svg')}">
${links.join('\n')}
</head>
<body class="${kind}">
${body}
</body>
</html>
`;
}
