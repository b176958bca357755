// Articles with a low score: a person chooses the label, and the labels are exported as a data set.

import { getJson, path, post, postJson } from './api.js';
import { classifier, onClassifier } from './classifiers.js';
import { element, setText } from './dom.js';
import { renderKeyedList } from './keyed-list.js';
import { Poller } from './poller.js';
import { notice } from './notice.js';
import { asProblem, showProblem } from './problem.js';
import { integer, percent, timeAgo } from './format.js';

const pageSize = 5;
const heading = document.getElementById('review-heading');
const list = document.getElementById('review-list');
const empty = document.getElementById('review-empty');
const count = document.getElementById('review-count');
const problems = document.querySelector('[data-problems="review"]');
const exportLabels = document.getElementById('review-export');

const review = new Poller('review', 6, async () => {
  const name = classifier();
  if (!name) return;
  const waiting = await getJson(`${path('review', name)}?limit=${pageSize}`, { background: true });
  if (name !== classifier()) return;
  renderKeyedList(list, waiting.items, item => item.id, card, (shown, item) => setText(shown.querySelector('time'), timeAgo(item.time)));
  empty.hidden = waiting.items.length > 0;
  count.hidden = waiting.items.length === 0;
  setText(count, `${waiting.items.length}${waiting.continuation ? '+' : ''}`);
});

onClassifier(() => {
  list.replaceChildren();
  review.refresh();
});

function card(item) {
  const labels = Object.entries(item.probabilities ?? {}).sort(([, a], [, b]) => b - a);
  const title = item.title || item.id;
  return element('li', {},
    element('div.card-head', {}, element('h3.title', {}, title), element('time.when', { dateTime: item.time }, timeAgo(item.time))),
    element('p.excerpt', {}, item.text ?? ''),
    element('div.labels', { role: 'group', 'aria-label': `Topic of “${title}”` }, ...labels.map(([label, probability]) =>
      element('button', { type: 'button', onclick: event => choose(event.currentTarget, item, label) },
        label, ' ', element('small', {}, percent(probability))))));
}

async function choose(button, item, label) {
  const buttons = [...button.parentElement.children];
  if (button.getAttribute('aria-disabled')) return;
  buttons.forEach(other => other.setAttribute('aria-disabled', 'true'));
  try {
    await post(`${path('review', classifier())}?id=${encodeURIComponent(item.id)}`, { label });
    notice(`“${item.title || item.id}” is labelled ${label}.`);
    const shown = button.closest('li');
    // The focus moves to the next article, for users of the keyboard.
    const next = (shown.nextElementSibling ?? shown.previousElementSibling)?.querySelector('button') ?? heading;
    shown.remove();
    next.focus();
    review.refresh();
  } catch (error) {
    buttons.forEach(other => other.removeAttribute('aria-disabled'));
    showProblem(problems, asProblem(error));
  }
}

exportLabels.addEventListener('click', async () => {
  try {
    const exported = await postJson(path('datasets', classifier()), {});
    notice(`${integer(exported.rows)} labelled articles are exported as ${exported.dataset}. A training starts in a moment.`);
  } catch (error) {
    showProblem(problems, asProblem(error));
  }
});
