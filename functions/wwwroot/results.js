// The results of articles from the queue, newest first.

import { getJson, path } from './api.js';
import { classifier, onClassifier } from './classifiers.js';
import { bar, element, setText } from './dom.js';
import { renderKeyedList } from './keyed-list.js';
import { Poller } from './poller.js';
import { asProblem, showProblem } from './problem.js';
import { percent, timeAgo } from './format.js';

const pageSize = 8;
const list = document.getElementById('results-list');
const empty = document.getElementById('results-empty');
const more = document.getElementById('results-more');
const problems = document.querySelector('[data-problems="results"]');

let older = [];
let continuation = null;

const results = new Poller('results', 3, async () => {
  const name = classifier();
  if (!name) return;
  const newest = await load(name, null);
  if (name !== classifier()) return;
  if (older.length === 0) continuation = newest.continuation;
  show(newest.items);
});

onClassifier(() => {
  older = [];
  list.replaceChildren();
  results.refresh();
});

more.addEventListener('click', async () => {
  try {
    const name = classifier();
    const next = await load(name, continuation);
    if (name !== classifier()) return;
    older.push(...next.items);
    continuation = next.continuation;
    await results.refresh();
  } catch (error) {
    showProblem(problems, asProblem(error));
  }
});

const load = (name, from) => getJson(
  `${path('results', name)}?limit=${pageSize}${from ? `&continuation=${encodeURIComponent(from)}` : ''}`, { background: !from });

/** New rows move older ones to the next page, so an id can be in both; it is shown once, with its newest values. */
function show(newest) {
  const all = new Map();
  for (const item of [...newest, ...older]) if (!all.has(item.id)) all.set(item.id, item);
  renderKeyedList(list, [...all.values()], item => item.id, row, update);
  empty.hidden = all.size > 0;
  more.hidden = !continuation;
}

const row = () => element('li', {},
  element('time'), element('span.name'), element('span.topic'), element('span.measure'));

function update(shown, item) {
  const [time, name, topic, measure] = shown.children;
  time.dateTime = item.completedAt;
  setText(time, timeAgo(item.completedAt));
  setText(name, item.title || item.id);
  setText(topic, item.label ?? item.status);
  topic.classList.toggle('red', !item.label);
  const state = JSON.stringify([item.score, item.modelVersion, item.review, item.reason]);
  if (measure.dataset.state === state) return;
  measure.dataset.state = state;
  measure.replaceChildren(...(item.label
    ? [bar(item.score), element('span', {}, `${percent(item.score)} · ${item.modelVersion}`), item.review ? element('span.red', {}, 'for review') : '']
    : [element('span', {}, item.reason ?? '')]));
}
