// @ts-check

/** @typedef {{ status: string, checks: Record<string, { status?: string, engine?: string, at?: string, age_s?: number, waiting?: number }> }} Health */

const EVERY_MS = 10_000;
const ENGINES = /** @type {Record<string, string>} */ ({
  postgresql: 'PostgreSQL',
  timescaledb: 'TimescaleDB Community',
  'timescaledb-apache': 'TimescaleDB Apache 2',
});
const list = /** @type {HTMLElement} */ (document.getElementById('state'));

for (const code of document.querySelectorAll('pre code')) {
  code.textContent = (code.textContent ?? '').replaceAll('$ORIGIN', location.origin);
}

/** @param {number} seconds */
function ago(seconds) {
  const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
  if (seconds < 90) return relative.format(-Math.round(seconds), 'second');
  return seconds < 5400
    ? relative.format(-Math.round(seconds / 60), 'minute')
    : relative.format(-Math.round(seconds / 3600), 'hour');
}

/**
 * @param {Health} health
 * @returns {[string, string, string, string][]} for each tile: its name, tone, large text and small text
 */
function tilesOf({ checks }) {
  const { database = {}, isolation = {}, watermark = {} } = checks;
  const queues = Object.entries(checks).filter(([name]) => name.startsWith('queue:'));
  const idle = queues.filter(([, { status }]) => status !== 'ok').map(([name]) => name.slice(6));
  const waiting = queues.reduce((sum, [, queue]) => sum + (queue.waiting ?? 0), 0);
  const isUp = database.status === 'ok';
  const lag = watermark.at ? (Date.now() - Date.parse(watermark.at)) / 1000 : undefined;
  return [
    ['Database', isUp ? 'good' : 'bad', isUp ? 'Ready' : 'Not available', ENGINES[database.engine ?? ''] ?? ''],
    [
      'Queues',
      queues.length === 0 ? 'unknown' : idle.length === 0 ? 'good' : 'warning',
      queues.length === 0 ? 'Unknown' : idle.length === 0 ? 'Working' : 'Not working',
      idle.length > 0 ? idle.join(', ') : queues.length > 0 ? `${queues.length} queues, ${waiting} waiting` : '',
    ],
    [
      'Data',
      lag === undefined ? 'unknown' : lag < 300 ? 'good' : 'warning',
      lag === undefined ? 'Unknown' : `Complete up to ${ago(Math.max(0, lag))}`,
      'every earlier event is counted',
    ],
    [
      'Isolation',
      isolation.status === 'ok' ? 'good' : isolation.status === 'unknown' || !isolation.status ? 'unknown' : 'bad',
      isolation.status === 'ok'
        ? 'Verified'
        : isolation.status === 'unknown' || !isolation.status
          ? 'Not audited yet'
          : `Audit ${isolation.status}`,
      isolation.age_s === undefined ? 'tested every hour' : `tested ${ago(isolation.age_s)}`,
    ],
  ];
}

async function show() {
  const health = await fetch('/readyz')
    .then((response) => response.json())
    .catch(() => ({ status: 'unavailable', checks: {} }));
  const tiles = tilesOf(health);
  for (const [index, tile] of [...list.children].entries()) {
    const [, tone, figure, beside] = /** @type {[string, string, string, string]} */ (tiles[index]);
    tile.className = `tile ${tone}`;
    const [big, small] = tile.querySelectorAll('p');
    if (big.textContent !== figure) big.textContent = figure;
    if (small.textContent !== beside) small.textContent = beside;
  }
  list.setAttribute('aria-busy', 'false');
}

setInterval(() => {
  if (document.visibilityState === 'visible') void show();
}, EVERY_MS);
void show();
