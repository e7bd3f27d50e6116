// @ts-check

const EVERY_MS = 2000;

// What is under way is asked for again until it has ended. Nothing moves under a reader who is being asked something.
async function refresh() {
  const live = document.getElementById('live');
  if (live?.dataset.unfinished === undefined) return;
  if (!live.querySelector(':popover-open')) {
    const answer = await fetch(location.href).catch(() => undefined);
    if (answer?.redirected) return location.reload();
    const page = answer?.ok ? new DOMParser().parseFromString(await answer.text(), 'text/html') : undefined;
    const next = page?.getElementById('live');
    if (next) replace(live, next);
  }
  setTimeout(refresh, EVERY_MS);
}

/**
 * Keeps the place of the keyboard where the same thing is still there.
 * @param {HTMLElement} live
 * @param {HTMLElement} next
 */
function replace(live, next) {
  const target = document.activeElement?.getAttribute('popovertarget');
  live.replaceWith(next);
  if (target) /** @type {HTMLElement | null} */ (next.querySelector(`[popovertarget="${target}"]`))?.focus();
}

setTimeout(refresh, EVERY_MS);

export {};
