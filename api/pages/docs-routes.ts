import { readFileSync } from 'node:fs';
import type { Deps } from '../http/deps.ts';
import { openApiDocument } from '../http/openapi.ts';
import type { Api } from '../http/types.ts';
import { type Asset, assetOf, sendAsset } from './assets.ts';
import { docsPage } from './docs.ts';
import type { OpenApi } from './docs-document.ts';
import { htmlOf, setPolicy } from './html.ts';
import { pageSpecs } from './spec.ts';

/** The contract as a document and as a page, both made when they are first asked for, and kept. */
export function mountDocs(api: Api, deps: Deps): void {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  const open = { method: 'get', scopes: [], status: 200 } as const;
  api.calls.push(
    { spec: { ...open, ...pageSpecs.document, path: '/openapi.json', produces: ['application/json'] } },
    { spec: { ...open, ...pageSpecs.docs, path: '/docs', produces: ['text/html'] } },
  );
  let made: ReturnType<typeof make> | undefined;
  // Not before every call is registered.
  function make() {
    const specs = api.calls.map(({ spec }) => spec);
    const document = openApiDocument(specs, version);
    const page = docsPage(deps.assets, document as OpenApi);
    const asset = (type: string, text: string): Asset => assetOf(type, Buffer.from(text));
    return {
      page,
      html: asset('text/html; charset=utf-8', htmlOf(page)),
      json: asset('application/json; charset=utf-8', JSON.stringify(document)),
    };
  }

  api.app.get('/openapi.json', async (request, response) => {
    made ??= make();
    await sendAsset(request, response, made.json);
  });
  api.app.get('/docs', async (request, response) => {
    made ??= make();
    setPolicy(response, made.page);
    await sendAsset(request, response, made.html);
  });
}
