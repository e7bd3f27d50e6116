// @ts-check

// Browsers let a page copy only where its connection is safe.
for (const button of document.querySelectorAll('button[data-copy]')) {
  if (!(button instanceof HTMLButtonElement) || !navigator.clipboard) continue;
  const source = document.getElementById(button.dataset.copy ?? '');
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(source?.textContent ?? '');
    button.textContent = button.dataset.done ?? '';
    setTimeout(() => {
      button.textContent = label;
    }, 2000);
  });
}

export {};
