import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import express, { type Express } from 'express';
import type { Deps } from '../http/deps.ts';
import { openApiDocument } from '../http/openapi.ts';
import { platformSpecs } from './spec.ts';

const require = createRequire(import.meta.url);

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mirante API</title>
<link rel="stylesheet" href="/docs/files/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/files/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;
const START = "SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true, validatorUrl: null });\n";

/** The contract as a document and as a page, from files that ship with the package. */
export function mountDocs(app: Express, deps: Deps): void {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  let document: string | undefined;
  const open = { method: 'get', scopes: [], status: 200 } as const;
  deps.openapi.push(
    { ...open, ...platformSpecs.document, path: '/openapi.json', produces: ['application/json'] },
    { ...open, ...platformSpecs.docs, path: '/docs', produces: ['text/html'] },
  );

  app.get('/openapi.json', (_request, response) => {
    document ??= JSON.stringify(openApiDocument(deps.openapi, version));
    response.type('application/json').send(document);
  });
  app.get('/docs', (_request, response) => {
    response.type('html').send(PAGE);
  });
  app.get('/docs/start.js', (_request, response) => {
    response.type('text/javascript').send(START);
  });
  const files = dirname(require.resolve('swagger-ui-dist/package.json'));
  const setHeaders = (response: ServerResponse) => void response.setHeader('cache-control', 'public, max-age=3600');
  app.use('/docs/files', express.static(files, { index: false, setHeaders }));
}
