// Articles that the model was unsure of: a person chooses the label, and the labels become a data set.

import { getJson, path, post, postJson } from './api.js';
import { classifier, onClassifier } from './classifiers.js';
import { element, say } from './dom.js';
import { showKeyed } from './keyed-list.js';
import { Live } from './poller.js';
import { notice } from './notice.js';
import { asProblem, showProblem } from './problem.js';
import { ago, percent, whole } from './format.js';

const page = 5;
const heading = document.getElementById('review-heading');
const list = document.getElementById('review-list');
const empty = document.getElementById('review-empty');
const count = document.getElementById('review-count');
const problems = document.querySelector('[data-problems="review"]');
const exportLabels = document.getElementById('review-export');

const review = new Live('review', 6, async () => {
  const name = classifier();
  if (!name) return;
  const waiting = await getJson(`${path('review', name)}?limit=${page}`, { background: true });
  if (name !== classifier()) return;
  showKeyed(list, waiting.items, item => item.id, card, (shown, item) => say(shown.querySelector('time'), ago(item.time)));
  empty.hidden = waiting.items.length > 0;
  count.hidden = waiting.items.length === 0;
  say(count, `${waiting.items.length}${waiting.continuation ? '+' : ''}`);
});

onClassifier(() => {
  list.replaceChildren();
  review.soon();
});

function card(item) {
  const labels = Object.entries(item.probabilities ?? {}).sort(([, a], [, b]) => b - a);
  const title = item.title || item.id;
  return element('li', {},
    element('div.card-head', {}, element('h3.title', {}, title), element('time.when', { dateTime: item.time }, ago(item.time))),
    element('p.excerpt', {}, item.text ?? ''),
    element('div.labels', { role: 'group', 'aria-label': `Topic of “${title}”` }, ...labels.map(([label, probability]) =>
      element('button', { type: 'button', onclick: event => choose(event.currentTarget, item, label) },
        label, ' ', element('small', {}, percent(probability))))));
}

async function choose(button, item, label) {
  const buttons = [...button.parentElement.children];
  if (button.getAttribute('aria-disabled')) return;
  buttons.forEach(one => one.setAttribute('aria-disabled', 'true'));
  try {
    await post(path('review', classifier(), item.id), { label });
    notice(`“${item.title || item.id}” is ${label}.`);
    const shown = button.closest('li');
    // Whoever works through the list with the keyboard goes on with the next article.
    const next = (shown.nextElementSibling ?? shown.previousElementSibling)?.querySelector('button') ?? heading;
    shown.remove();
    next.focus();
    review.soon();
  } catch (error) {
    buttons.forEach(one => one.removeAttribute('aria-disabled'));
    showProblem(problems, asProblem(error));
  }
}

exportLabels.addEventListener('click', async () => {
  try {
    const made = await postJson(path('datasets', classifier()), {});
    notice(`${whole(made.rows)} labelled articles are the data set ${made.dataset} now; a training starts.`);
  } catch (error) {
    showProblem(problems, asProblem(error));
  }
});
