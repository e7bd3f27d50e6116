// @ts-check

/** @typedef {{ code?: string, title?: string, detail?: string, errors?: { code: string, detail: string }[] }} Problem */

/**
 * What a refusal of the API says, in the language of the page: by code where the page brings words, else as the API says it.
 * @param {Problem} problem
 */
export function refusalText({ code, title, detail, errors = [] }) {
  /** @type {{ problems?: Record<string, string>, faults?: Record<string, string> }} */
  const { problems = {}, faults = {} } = JSON.parse(document.getElementById('fault-words')?.textContent ?? '{}');
  const details = errors.map((fault) => faults[fault.code] ?? fault.detail);
  if (details.length > 0) return details.join(' ');
  return problems[code ?? ''] ?? [title, detail].filter(Boolean).join('. ').replaceAll('..', '.');
}
