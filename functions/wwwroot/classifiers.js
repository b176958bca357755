// Which classifier the page is about: chosen at its top, kept in its address, so that a link leads to the same one.

import { getJson } from './api.js';
import { element, say } from './dom.js';
import { Live } from './poller.js';

const select = document.getElementById('classifier');
const names = document.getElementById('classifier-names');
const standing = document.getElementById('standing');
const servingProblem = document.getElementById('serving-problem');
const listeners = [];

let current = new URLSearchParams(location.search).get('classifier') ?? '';

export const classifier = () => current;

/**
 * Calls back now and whenever another classifier is chosen.
 * @param {(name: string, former: string) => void} listener `former` is empty the first time
 */
export function onClassifier(listener) {
  listeners.push(listener);
  if (current) listener(current, '');
}

export function choose(name) {
  if (name === current) return;
  const former = current;
  current = name;
  if (![...select.options].some(option => option.value === name)) select.append(element('option', {}, name));
  select.value = name;
  history.replaceState(null, '', `?classifier=${encodeURIComponent(name)}${location.hash}`);
  showStanding();
  listeners.forEach(listener => listener(name, former));
}

select.addEventListener('change', () => choose(select.value));

let serving = [];

export const classifiers = new Live('classifiers', 30, async () => {
  const found = (await getJson('models', { background: true })).classifiers;
  const all = [...new Set([...found, ...(current ? [current] : [])])].sort();
  if (all.join('\n') !== [...select.options].map(option => option.value).join('\n')) {
    select.replaceChildren(...all.map(name => element('option', {}, name)));
    names.replaceChildren(...all.map(name => element('option', { value: name })));
    select.value = current;
  }
  if (!current && all.length > 0) choose(found.includes('news') ? 'news' : all[0]);
});

/** Health says how each classifier stands in the process; it answers 503 with the same document after a failed load. */
export const health = new Live(null, 5, async () => {
  const answer = await fetch(new URL('../health', import.meta.url), { cache: 'no-store' }).then(said => said.json()).catch(() => null);
  serving = answer?.classifiers ?? null;
  showStanding();
});

function showStanding() {
  const own = serving?.find(one => one.name === current);
  const state = serving === null ? 'away' : own?.state ?? 'cold';
  standing.dataset.state = state;
  // A version serves, and a newer one, or the pointer, cannot be used.
  const beside = state === 'ready' ? own.problem : null;
  standing.toggleAttribute('data-problem', Boolean(beside));
  servingProblem.hidden = !beside;
  say(servingProblem.querySelector('span'), beside ?? '');
  say(standing, {
    away: 'the server does not answer',
    cold: 'asleep until the first article',
    loading: 'the model is loading',
    ready: `version ${own?.version} serves`,
    failed: `the model could not be loaded: ${own?.problem ?? 'see the logs'}`,
  }[state] ?? state);
}
