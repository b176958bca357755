// Problems and how they are shown: problem documents of the functions (RFC 9457), and errors of the network or of this page.

import { element } from './dom.js';

export class Problem extends Error {
  constructor(title, detail, { status = 0, retryAfter = null } = {}) {
    super(`${title}: ${detail}`);
    Object.assign(this, { title, detail, status, retryAfter });
  }
}

export const unreachable = () =>
  new Problem('The server cannot be reached', 'Check that the system is running. This page tries again automatically.');

/** The problem of a response with an error status. */
export async function problemFromResponse(response) {
  const seconds = Number(response.headers.get('Retry-After'));
  return problemFromText(response.status, await response.text(), seconds > 0 ? seconds : null);
}

export function problemFromText(status, text, retryAfter = null) {
  let document = {};
  try {
    document = JSON.parse(text) ?? {};
  } catch {
    // A proxy responds in HTML; then only the status is shown.
  }
  return new Problem(
    document.title || `The server returned status ${status}`,
    document.detail || 'See the log of the functions.',
    { status, retryAfter });
}

/** Shows a problem in an element, or clears it. */
export function showProblem(place, problem) {
  const text = problem ? `${problem.title}\n${problem.detail}` : '';
  if ((place.dataset.shown ?? '') === text) return;
  place.dataset.shown = text;
  place.replaceChildren(...(problem ? [element('p.problem', {}, element('b', {}, problem.title), problem.detail)] : []));
}

/** Any other error is a bug in this page; the console gets its stack trace. */
export function asProblem(error) {
  if (error instanceof Problem) return error;
  console.error(error);
  return new Problem('Error in this page', error?.message ?? String(error));
}
