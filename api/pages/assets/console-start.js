// @ts-check

const EVERY_MS = 2000;

/** @param {string} id */
const find = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @type {{ since: string | null, arrived: string, trouble: string }} */
const { since, arrived, trouble } = JSON.parse(find('start').textContent ?? '{}');
const status = find('waiting');
const waiting = status.textContent ?? '';

async function look() {
  const query = new URLSearchParams({ limit: '1', ...(since && { from: since }) });
  const answer = await fetch(`/v1/events?${query}`).catch(() => undefined);
  // The session is over: the server brings the reader back here after signing in.
  if (answer?.status === 401) return location.reload();
  if (!answer?.ok) status.textContent = trouble;
  else {
    const [event] = (await answer.json()).data;
    if (event) return show(event);
    status.textContent = waiting;
  }
  setTimeout(look, EVERY_MS);
}

/** @param {object} event */
function show(event) {
  status.textContent = arrived;
  status.classList.replace('waiting', 'arrived');
  find('arrived').textContent = JSON.stringify(event, null, 2);
  find('arrived').hidden = false;
  find('then').hidden = false;
}

void look();

export {};
