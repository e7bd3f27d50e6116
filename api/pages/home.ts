import { escaped } from '../../lib/html.ts';
import type { Assets } from './assets.ts';
import type { HtmlPage } from './html.ts';
import { ICONS, MARK } from './icons.ts';

const LINKS: [string, string, string][] = [
  ['/login', 'Sign in', 'Dashboards, events, alerts, exports and administration.'],
  ['/docs', 'API reference', 'Every call with its parameters and answers, and an example to copy.'],
  ['/openapi.json', 'OpenAPI document', 'The same for programs. Generate a client from it.'],
  ['/ops/queues', 'Queues', 'Background jobs. The password is an operator key.'],
  ['/readyz', 'Health', 'The state above as JSON, for a load balancer.'],
];
const FIRST_STEPS: [string, string][] = [
  [
    'Send an event',
    `curl -H "Authorization: Bearer $INGEST_KEY" -H 'Content-Type: application/json' $ORIGIN/v1/events \\
  -d '{"type":"com.example.order.placed.v1","source":"shop","id":"order-1","time":"'$(date -u +%FT%TZ)'","data":{"duration_ms":42}}'`,
  ],
  ['Query a metric', `curl -H "Authorization: Bearer $READ_KEY" '$ORIGIN/v1/metrics/events.count?interval=day'`],
  [
    'Create a link to a dashboard',
    `curl -X POST -H "Authorization: Bearer $EMBED_KEY" $ORIGIN/v1/dashboards/validations-overview/links`,
  ],
];

/** The page at `/`. It is public, so it shows nothing of any tenant. */
export function homePage(assets: Assets): HtmlPage {
  const body = `<main>
<header class="hero">
${MARK}
<h1>Mirante</h1>
<p class="about">Mirante stores the events of a product with many customers, keeps each customer's data apart, and turns it into metrics and dashboards. It runs on your own machines, on PostgreSQL or TimescaleDB.</p>
</header>
<section aria-labelledby="state-title">
<h2 id="state-title">Now</h2>
<ul class="state" id="state" aria-live="polite" aria-busy="true">
${['Database', 'Queues', 'Data', 'Isolation'].map((name) => `<li class="tile"><h3>${name}</h3><p class="big">…</p><p class="beside">&nbsp;</p></li>`).join('\n')}
</ul>
<noscript><p class="notice">This page needs JavaScript to show the state. <a href="/readyz">/readyz</a> has it as JSON.</p></noscript>
</section>
<section aria-labelledby="links-title">
<h2 id="links-title">Where to go</h2>
<ul class="links">
${LINKS.map(([href, name, what]) => `<li><a href="${href}"><span><strong>${name}</strong>${ICONS.arrow}</span><span>${what}</span></a></li>`).join('\n')}
</ul>
<p class="aside">Prometheus metrics are at <code>/metrics</code> on a separate port (<code>METRICS_PORT</code>, by default 9464).</p>
</section>
<section aria-labelledby="dashboards-title">
<h2 id="dashboards-title">Dashboards</h2>
<p><a href="/login">Sign in</a> to see them: <code>npm run up</code> prints a link when it is ready, and <code>npm run mirante -- login-link</code> another. For people without an account, <code>npm run mirante -- dashboards links</code> prints a link to each dashboard, and the last call below creates one.</p>
</section>
<section aria-labelledby="steps-title">
<h2 id="steps-title">First steps</h2>
<ol class="steps">
${FIRST_STEPS.map(([what, call]) => `<li><h3>${what}</h3><pre tabindex="0"><code>${escaped(call)}</code></pre></li>`).join('\n')}
</ol>
<p class="aside">The keys that <code>npm run up</code> created are in <code>.mirante/credentials.json</code>. The repository's <code>README.md</code> lists all documents, <code>docs/runbook.md</code> explains production, and <code>docs/security.md</code> explains tenant isolation.</p>
</section>
</main>`;
  return { assets, locale: 'en', title: 'Mirante', body, kind: 'home', script: 'home.js' };
}
