// @ts-check

const find = /** @type {HTMLInputElement} */ (document.getElementById('find'));
const found = /** @type {HTMLElement} */ (document.getElementById('found'));
const menu = /** @type {HTMLDetailsElement} */ (document.getElementById('menu'));
const articles = [...document.querySelectorAll('article')];
const texts = new Map(
  articles.map((article) => [article.id, (article.querySelector('.words')?.textContent ?? '').toLowerCase()]),
);

/** Shows only the calls that contain every word of the search, in the menu and on the page. */
function search() {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = new Set([...texts].filter(([, text]) => words.every((word) => text.includes(word))).map(([id]) => id));
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-of]'))) {
    element.hidden = !shown.has(element.dataset.of ?? '');
  }
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-tag]'))) {
    part.hidden = !part.querySelector('[data-of]:not([hidden])');
  }
  found.textContent = words.length === 0 ? '' : shown.size === 1 ? '1 call' : `${shown.size} calls`;
  if (words.length > 0) menu.open = true;
}

for (const code of document.querySelectorAll('pre code')) {
  code.textContent = (code.textContent ?? '').replaceAll('$ORIGIN', location.origin);
}
for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll('.copy'))) {
  // Browsers offer the clipboard only to pages loaded over TLS or from localhost.
  button.hidden = !navigator.clipboard;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(button.closest('figure')?.querySelector('code')?.textContent ?? '');
    button.textContent = 'Copied';
    setTimeout(() => {
      button.textContent = 'Copy';
    }, 1500);
  });
}
/** @type {HTMLElement} */ (find.parentElement).hidden = false;
find.addEventListener('input', search);
addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || document.activeElement === find) return;
  event.preventDefault();
  find.focus();
});
// On a phone the list of calls would fill several screens.
const narrow = matchMedia('(max-width: 59.99rem)');
const fold = () => {
  menu.open = !narrow.matches;
};
narrow.addEventListener('change', fold);
fold();
menu.addEventListener('click', (event) => {
  if (narrow.matches && event.target instanceof Element && event.target.closest('a')) menu.open = false;
});
