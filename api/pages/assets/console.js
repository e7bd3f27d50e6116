// @ts-check

/** @param {string} id */
const find = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

const YEAR = 365 * 24 * 3600;

/**
 * Keeps a choice of the reader for the next page.
 * @param {string} name
 * @param {string} value
 */
function remember(name, value) {
  // biome-ignore lint/suspicious/noDocumentCookie: the server reads the choice, and browsers without CookieStore write it too.
  document.cookie = `mirante_${name}=${value}; path=/; max-age=${YEAR}; samesite=lax`;
}

const locale = /** @type {HTMLSelectElement} */ (find('locale'));
locale.addEventListener('change', () => {
  remember('locale', locale.value);
  location.reload();
});

const theme = /** @type {HTMLSelectElement} */ (find('theme'));
theme.addEventListener('change', () => {
  remember('theme', theme.value);
  if (theme.value === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
  window.dispatchEvent(new Event('themechange'));
});

const rail = find('rail');
const toggle = find('rail-toggle');
toggle.addEventListener('click', () => {
  const isOpen = rail.classList.toggle('open');
  toggle.setAttribute('aria-expanded', String(isOpen));
});

/** @type {{ path: string, title: string }[]} */
const places = JSON.parse(find('places').textContent ?? '[]');
const jumper = /** @type {HTMLDialogElement} */ (find('jumper'));
const jumpTo = /** @type {HTMLInputElement} */ (find('jump-to'));
const list = find('jump-list');
let chosen = 0;

const plain = (/** @type {string} */ text) =>
  text
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
    .toLowerCase();

function offer() {
  const found = places.filter(({ title }) => plain(title).includes(plain(jumpTo.value)));
  chosen = Math.min(chosen, Math.max(0, found.length - 1));
  list.replaceChildren(
    ...found.map(({ path, title }, index) => {
      const item = document.createElement('li');
      const link = document.createElement('a');
      link.href = path;
      link.textContent = title;
      item.append(link);
      item.setAttribute('aria-selected', String(index === chosen));
      return item;
    }),
  );
}

function openJumper() {
  jumpTo.value = '';
  chosen = 0;
  offer();
  jumper.showModal();
  jumpTo.focus();
}

find('jump').addEventListener('click', openJumper);
jumpTo.addEventListener('input', () => {
  chosen = 0;
  offer();
});
jumpTo.addEventListener('keydown', (event) => {
  if (event.key === 'ArrowDown') chosen += 1;
  else if (event.key === 'ArrowUp') chosen = Math.max(0, chosen - 1);
  else if (event.key === 'Enter')
    /** @type {HTMLAnchorElement | null} */ (list.querySelector('[aria-selected="true"] a'))?.click();
  else return;
  event.preventDefault();
  offer();
});

const isTyping = () => /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? '');

document.addEventListener('keydown', (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
    event.preventDefault();
    openJumper();
  } else if (event.key === '?' && !isTyping()) {
    /** @type {HTMLDialogElement} */ (find('help')).showModal();
  }
});

// A form that was sent is not sent again by a second click; one that could not be sent keeps what was typed.
for (const form of document.querySelectorAll('form[method="post"]')) {
  form.addEventListener('submit', (event) => {
    if (!navigator.onLine) {
      event.preventDefault();
      find('lost').hidden = false;
      return;
    }
    for (const button of form.querySelectorAll('button')) setTimeout(() => button.setAttribute('disabled', ''));
  });
}

window.addEventListener('offline', () => {
  find('lost').hidden = false;
});
window.addEventListener('online', () => {
  find('lost').hidden = true;
});
// Back shows the page as it was left, with its buttons.
window.addEventListener('pageshow', () => {
  for (const button of document.querySelectorAll('form[method="post"] button')) button.removeAttribute('disabled');
});

export {};
