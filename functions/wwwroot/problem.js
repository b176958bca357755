// What went wrong, in words: problem documents of the functions (RFC 9457), and what happens on the way to them.

import { element } from './dom.js';

export class Problem extends Error {
  constructor(title, detail, { status = 0, retryAfter = null } = {}) {
    super(`${title}: ${detail}`);
    Object.assign(this, { title, detail, status, retryAfter });
  }
}

export const unreachable = () =>
  new Problem('The server cannot be reached', 'Does the system still run? This page goes on trying by itself.');

/** Of an answer that is no success. */
export async function problemOf(response) {
  const seconds = Number(response.headers.get('Retry-After'));
  return problemOfText(response.status, await response.text(), seconds > 0 ? seconds : null);
}

export function problemOfText(status, text, retryAfter = null) {
  let document = {};
  try {
    document = JSON.parse(text) ?? {};
  } catch {
    // Proxies answer in HTML; then the number has to say it.
  }
  return new Problem(
    document.title || `The server answered with status ${status}`,
    document.detail || 'It gave no reason. The logs of the functions may tell more.',
    { status, retryAfter });
}

/** Shows a problem in its place, or clears the place. */
export function showProblem(place, problem) {
  const text = problem ? `${problem.title}\n${problem.detail}` : '';
  if ((place.dataset.shown ?? '') === text) return;
  place.dataset.shown = text;
  place.replaceChildren(...(problem ? [element('p.problem', {}, element('b', {}, problem.title), problem.detail)] : []));
}

/** An error that is none of ours is a mistake in this page: it is shown, and the console gets the whole of it. */
export function asProblem(error) {
  if (error instanceof Problem) return error;
  console.error(error);
  return new Problem('This page made a mistake', error?.message ?? String(error));
}
