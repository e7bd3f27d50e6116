import { escaped } from '../../lib/html.ts';
import type { Assets } from './assets.ts';
import type { Page } from './html.ts';
import { ICONS, MARK } from './icons.ts';

const LINKS: [string, string, string][] = [
  ['/docs', 'API reference', 'Every call, with what it takes and answers, and an example to copy.'],
  ['/openapi.json', 'OpenAPI document', 'The same for programs: make a client of it.'],
  ['/ops/queues', 'Queues', 'The background jobs; the key of an operator is the password.'],
  ['/readyz', 'Health', 'What this page shows, as JSON for a load balancer.'],
];
const FIRST_STEPS: [string, string][] = [
  [
    'Send an event',
    `curl -H "Authorization: Bearer $INGEST_KEY" -H 'Content-Type: application/json' $ORIGIN/v1/events \\
  -d '{"type":"com.example.order.placed.v1","source":"shop","id":"order-1","time":"'$(date -u +%FT%TZ)'","data":{"duration_ms":42}}'`,
  ],
  ['Ask for a figure', `curl -H "Authorization: Bearer $READ_KEY" '$ORIGIN/v1/metrics/events.count?interval=day'`],
  [
    'Make a link to a dashboard',
    `curl -X POST -H "Authorization: Bearer $EMBED_KEY" $ORIGIN/v1/dashboards/validations-overview/links`,
  ],
];

/** What stands at `/`: open to everybody, so it holds nothing of any tenant. */
export function homePage(assets: Assets): Page {
  const body = `<main>
<header class="hero">
${MARK}
<h1>Mirante</h1>
<p class="about">Mirante takes in the events of a product with many customers, keeps each customer's apart, and turns them into metrics and dashboards. It runs on your own machines, on PostgreSQL or TimescaleDB.</p>
</header>
<section aria-labelledby="state-title">
<h2 id="state-title">Now</h2>
<ul class="state" id="state" aria-live="polite" aria-busy="true">
${['Database', 'Queues', 'Data', 'Isolation'].map((name) => `<li class="tile"><h3>${name}</h3><p class="big">…</p><p class="beside">&nbsp;</p></li>`).join('\n')}
</ul>
<noscript><p class="notice">The state is shown with JavaScript; <a href="/readyz">/readyz</a> says the same.</p></noscript>
</section>
<section aria-labelledby="links-title">
<h2 id="links-title">Where to go</h2>
<ul class="links">
${LINKS.map(([href, name, what]) => `<li><a href="${href}"><span><strong>${name}</strong>${ICONS.arrow}</span><span>${what}</span></a></li>`).join('\n')}
</ul>
<p class="aside">Metrics for Prometheus are on a port of their own (<code>METRICS_PORT</code>, 9464 unless set), at <code>/metrics</code>.</p>
</section>
<section aria-labelledby="dashboards-title">
<h2 id="dashboards-title">Dashboards</h2>
<p>A dashboard opens with a link: <code>npm run up</code> prints one when it is ready, <code>npm run mirante -- dashboards links</code> one for each, and the last call below makes one.</p>
</section>
<section aria-labelledby="steps-title">
<h2 id="steps-title">First steps</h2>
<ol class="steps">
${FIRST_STEPS.map(([what, call]) => `<li><h3>${what}</h3><pre tabindex="0"><code>${escaped(call)}</code></pre></li>`).join('\n')}
</ol>
<p class="aside">The keys that <code>npm run up</code> made are in <code>.mirante/credentials.json</code>. In the folder of the program, <code>README.md</code> says what is where, <code>docs/operations.md</code> how to run it in production, <code>docs/security.md</code> who is kept out by what.</p>
</section>
</main>`;
  return { assets, locale: 'en', title: 'Mirante', body, kind: 'home', script: 'home.js' };
}
