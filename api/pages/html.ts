import { createHash } from 'node:crypto';
import type { Response } from 'express';
import { escaped } from '../../lib/html.ts';
import type { Words } from '../dashboards/definition.ts';
import type { Assets } from './assets.ts';

export type Locale = keyof Words;

export type HtmlPage = {
  assets: Assets;
  locale: Locale;
  title: string;
  /** HTML, already escaped. */
  body: string;
  /** Class of the body, used by the stylesheet. */
  kind: 'dashboard' | 'docs' | 'home' | 'problem';
  /** The main module of the page. */
  script?: string;
  /** Modules that it imports, preloaded so that the browser fetches all of them at once. */
  preload?: readonly string[];
  /** An additional stylesheet for this kind of page. */
  sheet?: string;
  /** CSS for this page only. */
  style?: string;
  /** Origins that may frame the page. */
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

/** Sets the content security policy of a page: it loads and runs only its own files. */
export function setPolicy(response: Response, { style, framedBy = [] }: HtmlPage): void {
  const own = style ? ` 'sha256-${createHash('sha256').update(style).digest('base64')}'` : '';
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self'${own}`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${framedBy.length > 0 ? framedBy.join(' ') : "'none'"}`,
  ];
  response.setHeader('content-security-policy', policy.join('; '));
  // X-Frame-Options cannot list origins. If there are any, omit it: the policy decides.
  if (framedBy.length > 0) response.removeHeader('x-frame-options');
  else response.setHeader('x-frame-options', 'DENY');
}

/** Returns the HTML of a page. */
export function htmlOf({ assets, locale, title, body, kind, script, preload = [], sheet, style }: HtmlPage): string {
  const modules = preload.map((name) => `<link rel="modulepreload" href="${assets.url(name)}">`);
  return `<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<link rel="icon" href="${assets.url('mark.svg')}">
<link rel="stylesheet" href="${assets.url('style.css')}">
${sheet ? `<link rel="stylesheet" href="${assets.url(sheet)}">\n` : ''}${style ? `<style>${style}</style>\n` : ''}${script ? `<script type="module" src="${assets.url(script)}"></script>\n` : ''}${modules.join('\n')}
</head>
<body class="${kind}">
${body}
</body>
</html>
`;
}
