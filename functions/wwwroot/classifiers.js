// The selected classifier, which is kept in the URL, so that a link opens the same one.

import { getJson } from './api.js';
import { element, setText } from './dom.js';
import { Poller } from './poller.js';

const select = document.getElementById('classifier');
const names = document.getElementById('classifier-names');
const serving = document.getElementById('serving');
const servingProblem = document.getElementById('serving-problem');
const listeners = [];

let current = new URLSearchParams(location.search).get('classifier') ?? '';

export const classifier = () => current;

/**
 * Calls back now and whenever another classifier is selected.
 * @param {(name: string, previous: string) => void} listener `previous` is empty the first time
 */
export function onClassifier(listener) {
  listeners.push(listener);
  if (current) listener(current, '');
}

export function selectClassifier(name) {
  if (name === current) return;
  const previous = current;
  current = name;
  if (![...select.options].some(option => option.value === name)) select.append(element('option', {}, name));
  select.value = name;
  history.replaceState(null, '', `?classifier=${encodeURIComponent(name)}${location.hash}`);
  showServing();
  listeners.forEach(listener => listener(name, previous));
}

select.addEventListener('change', () => selectClassifier(select.value));

let statuses = [];
let locked = false;

export const classifiers = new Poller('classifiers', 30, async () => {
  const found = (await getJson('models', { background: true })).classifiers;
  const all = [...new Set([...found, ...(current ? [current] : [])])].sort();
  if (all.join('\n') !== [...select.options].map(option => option.value).join('\n')) {
    select.replaceChildren(...all.map(name => element('option', {}, name)));
    names.replaceChildren(...all.map(name => element('option', { value: name })));
    select.value = current;
  }
  if (!current && all.length > 0) selectClassifier(found.includes('news') ? 'news' : all[0]);
});

/** The states of the classifiers. */
export const health = new Poller(null, 5, async () => {
  try {
    statuses = (await getJson('status', { background: true })).classifiers;
    locked = false;
  } catch (error) {
    statuses = null;
    locked = error.status === 401;
  }
  showServing();
});

function showServing() {
  const own = statuses?.find(status => status.name === current);
  const state = locked ? 'locked' : statuses === null ? 'unreachable' : own?.state ?? 'cold';
  serving.dataset.state = state;
  // A version is serving, and there is a problem with a newer one or with the pointer.
  const problem = state === 'ready' ? own.problem : null;
  serving.toggleAttribute('data-problem', Boolean(problem));
  servingProblem.hidden = !problem;
  setText(servingProblem.querySelector('span'), problem ?? '');
  setText(serving, {
    unreachable: 'the server cannot be reached',
    locked: 'the state requires a key',
    cold: 'the model loads with the first article',
    loading: 'the model is loading',
    ready: `serving version ${own?.version}`,
    failed: `the model could not be loaded: ${own?.problem ?? 'see the log'}`,
  }[state] ?? state);
}
