import { createHash } from 'node:crypto';
import type { Response } from 'express';
import { escaped } from '../../lib/html.ts';
import type { Words } from '../dashboards/dashboards.ts';
import type { Assets } from './assets.ts';

export type Locale = keyof Words;

export type Page = {
  assets: Assets;
  locale: Locale;
  title: string;
  /** HTML already. */
  body: string;
  /** Which look of the stylesheet it has. */
  kind: 'dashboard' | 'docs' | 'home' | 'problem';
  /** Module that brings it to life. */
  script?: string;
  /** Further modules that it will load, so that the browser asks for all of them at once. */
  preload?: readonly string[];
  /** Further stylesheet, of pages of that kind. */
  sheet?: string;
  /** Rules of this page alone. */
  style?: string;
  /** Who may show it in a frame. */
  framedBy?: readonly string[];
};

/** Data for the page's module, in an element that a browser does not run. */
export const dataIn = (id: string, data: unknown) =>
  `<script type="application/json" id="${id}">${JSON.stringify(data).replaceAll('<', '\\u003c')}</script>`;

/** Answers with a page, with the headers that such a page needs. */
export function sendPage(response: Response, page: Page): void {
  setPolicy(response, page);
  response.type('html').send(htmlOf(page));
}

/** The policy of a page: nothing but its own files is loaded or run. */
export function setPolicy(response: Response, { style, framedBy = [] }: Page): void {
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
  // It knows no list: where there is one, the policy alone has to say it.
  if (framedBy.length > 0) response.removeHeader('x-frame-options');
  else response.setHeader('x-frame-options', 'DENY');
}

/** The whole text of a page. */
export function htmlOf({ assets, locale, title, body, kind, script, preload = [], sheet, style }: Page): string {
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
