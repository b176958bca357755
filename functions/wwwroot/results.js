// What came by the queue, newest first.

import { getJson, path } from './api.js';
import { classifier, onClassifier } from './classifiers.js';
import { bar, element, say } from './dom.js';
import { showKeyed } from './keyed-list.js';
import { Live } from './poller.js';
import { asProblem, showProblem } from './problem.js';
import { ago, percent } from './format.js';

const page = 8;
const list = document.getElementById('results-list');
const empty = document.getElementById('results-empty');
const more = document.getElementById('results-more');
const problems = document.querySelector('[data-problems="results"]');

let older = [];
let continuation = null;

const results = new Live('results', 3, async () => {
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
  results.soon();
});

more.addEventListener('click', async () => {
  try {
    const name = classifier();
    const next = await load(name, continuation);
    if (name !== classifier()) return;
    older.push(...next.items);
    continuation = next.continuation;
    await results.soon();
  } catch (error) {
    showProblem(problems, asProblem(error));
  }
});

const load = (name, from) => getJson(
  `${path('results', name)}?limit=${page}${from ? `&continuation=${encodeURIComponent(from)}` : ''}`, { background: !from });

/** Rows that came between two pages push the older ones down; an id is shown once, as it is now. */
function show(newest) {
  const all = new Map();
  for (const item of [...newest, ...older]) if (!all.has(item.id)) all.set(item.id, item);
  showKeyed(list, [...all.values()], item => item.id, row, update);
  empty.hidden = all.size > 0;
  more.hidden = !continuation;
}

const row = () => element('li', {},
  element('time'), element('span.name'), element('span.topic'), element('span.measure'));

function update(shown, item) {
  const [time, name, topic, measure] = shown.children;
  time.dateTime = item.completedAt;
  say(time, ago(item.completedAt));
  say(name, item.title || item.id);
  say(topic, item.label ?? item.status);
  topic.classList.toggle('red', !item.label);
  const state = JSON.stringify([item.score, item.modelVersion, item.review, item.reason]);
  if (measure.dataset.state === state) return;
  measure.dataset.state = state;
  measure.replaceChildren(...(item.label
    ? [bar(item.score), element('span', {}, `${percent(item.score)} · ${item.modelVersion}`), item.review ? element('span.red', {}, 'for review') : '']
    : [element('span', {}, item.reason ?? '')]));
}
