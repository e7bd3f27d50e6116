import { escaped } from '../../lib/html.ts';
import type { Assets } from './assets.ts';
import {
  callsByTag,
  type DocumentedCall,
  type DocumentedParameter,
  type MediaTypes,
  type OpenApi,
  type Operation,
} from './docs-document.ts';
import { curlOf, textOf } from './docs-sample.ts';
import { fieldOf, fieldsOf, prose } from './docs-schema.ts';
import type { HtmlPage } from './html.ts';
import { MARK } from './icons.ts';

/** The document of the API as a page: a list of all calls with a search, and each call with its examples. */
export function docsPage(assets: Assets, document: OpenApi): HtmlPage {
  const parts = callsByTag(document);
  const body = `<a class="skip" href="#calls">Skip to the calls</a>
<header class="bar"><a href="/">${MARK}<span>Mirante</span></a><span class="version">API ${escaped(document.info.version)}</span></header>
<div class="columns">
<nav aria-label="Calls">
<div class="find" hidden><label for="find">Search</label><input type="search" id="find" placeholder="alert, key, /v1/events" autocomplete="off" spellcheck="false"><p id="found" role="status"></p></div>
<details id="menu" open><summary>All calls</summary>
${parts.map(({ tag, calls }) => menuOf(tag.name, calls)).join('\n')}
</details>
</nav>
<main id="calls">
<h1>HTTP API</h1>
<div class="lead">${document.info.description
    .split(/(?<=\.) (?=[A-Z])/)
    .map((sentence) => `<p>${prose(sentence)}</p>`)
    .join('')}</div>
<p>Programs read the same as <a href="/openapi.json">OpenAPI 3.1</a>. In the samples <code>$ORIGIN</code> is the address of this platform, and <code>$READ_KEY</code> a key with the scope <code>read</code>.</p>
${parts.map(sectionOf).join('\n')}
</main>
</div>`;
  return { assets, locale: 'en', title: 'Mirante API', body, kind: 'docs', script: 'docs.js', sheets: ['docs.css'] };
}

const anchorOf = (tag: string) => `tag-${tag.toLowerCase().replaceAll(' ', '-')}`;

const method = (name: string) => `<span class="method ${name.toLowerCase()}">${name}</span>`;

const menuOf = (tag: string, calls: DocumentedCall[]): string => `<section data-tag>
<h2><a href="#${anchorOf(tag)}">${escaped(tag)}</a></h2>
<ul>${calls.map((call) => `<li data-of="${call.operation.operationId}"><a href="#${call.operation.operationId}">${method(call.method)}<span>${escaped(call.operation.summary)}</span></a></li>`).join('')}</ul>
</section>`;

const sectionOf = ({
  tag,
  calls,
}: ReturnType<typeof callsByTag>[number]): string => `<section class="tag" data-tag aria-labelledby="${anchorOf(tag.name)}">
<h2 id="${anchorOf(tag.name)}">${escaped(tag.name)}</h2>
<p class="about">${prose(tag.description)}</p>
${calls.map(articleOf).join('\n')}
</section>`;

function articleOf(call: DocumentedCall): string {
  const { operation, path } = call;
  const { operationId: id, parameters = [], requestBody, responses } = operation;
  const [status, success] = Object.entries(responses)[0] as [string, Operation['responses'][string]];
  return `<article id="${id}" data-of="${id}" aria-labelledby="${id}-title">
<div class="words">
<h3 id="${id}-title"><a href="#${id}">${escaped(operation.summary)}</a></h3>
<p class="address">${method(call.method)}<code>${escaped(path).replaceAll('/', '<wbr>/')}</code></p>
<p>${prose(operation.description)}</p>
<p class="opened">${openedBy(operation)}</p>
${folded('Parameters', listOf(parameters))}
${folded('Body', bodiesOf(requestBody?.content))}
${folded('Answer', fieldsOf(Object.values(success.content ?? {})[0]?.schema ?? {}))}
${folded('Refusals', refusalsOf(responses))}
</div>
<div class="samples">
${sampleOf('Request', curlOf(call))}
${Object.entries(success.content ?? {})
  .map(([type, { example }]) => sampleOf(`${status} ${type}`, textOf(example)))
  .join('\n')}
${success.content ? '' : `<p class="nothing">${status}, without a body</p>`}
</div>
</article>`;
}

function openedBy({ security = [], 'x-scopes': scopes = [] }: Operation): string {
  const ways = [
    ...(scopes.length > 0 ? [`A key with ${scopes.map((scope) => `<code>${scope}</code>`).join(' or ')}`] : []),
    ...(security.some((way) => 'viewer' in way) ? ['the token of a link'] : []),
  ];
  return ways.length > 0 ? ways.join(', or ').replace(/^t/, 'T') : 'No key needed';
}

const folded = (name: string, content: string): string =>
  content === '' ? '' : `<details><summary>${name}</summary>${content}</details>`;

function listOf(parameters: DocumentedParameter[]): string {
  const shown = parameters.filter(({ deprecated }) => !deprecated);
  if (shown.length === 0) return '';
  const items = shown.map((one) =>
    fieldOf(one.name, one.schema, [one.in, one.required ? 'required' : 'optional'], one.description),
  );
  return `<ul class="fields">${items.join('')}</ul>`;
}

// Most bodies have one media type; where there are more, their schemas say the same in another envelope.
function bodiesOf(content: MediaTypes = {}): string {
  const [first] = Object.entries(content);
  if (!first) return '';
  const types = Object.keys(content).map((type) => `<code>${escaped(type)}</code>`);
  return `<p class="types">${types.join(', ')}</p>${fieldsOf(first[1].schema, true)}`;
}

function refusalsOf(responses: Operation['responses']): string {
  const refusals = Object.entries(responses).filter(([status]) => Number(status) >= 400);
  return `<ul class="fields">${refusals.map(([status, { description }]) => `<li><code>${status}</code><p>${prose(description)}</p></li>`).join('')}</ul>`;
}

const sampleOf = (title: string, text: string): string =>
  `<figure><figcaption><span>${escaped(title)}</span><button type="button" class="copy" hidden>Copy</button></figcaption><pre tabindex="0"><code>${escaped(text)}</code></pre></figure>`;
