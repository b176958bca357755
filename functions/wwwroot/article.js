// An article is pasted, its topics are shown.

import { path, postJson } from './api.js';
import { classifier, health, onClassifier } from './classifiers.js';
import { bar, element } from './dom.js';
import { asProblem, Problem, showProblem } from './problem.js';
import { percent, whole } from './format.js';

const form = document.getElementById('article-form');
const text = document.getElementById('article-text');
const answer = document.getElementById('answer');
const problem = document.getElementById('article-problem');
const submit = form.querySelector('[type="submit"]');
const nothing = answer.firstElementChild;

let asked = null;

form.addEventListener('submit', event => {
  event.preventDefault();
  classify();
});
text.addEventListener('keydown', event => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});

// Another classifier has other topics: what the former one said would mislead. Without a former one, the reader was
// faster than the list of classifiers, and has asked the one that answers by default.
onClassifier((_, former) => {
  if (!former) return;
  asked?.abort();
  answer.replaceChildren(nothing);
  showProblem(problem, null);
});

async function classify() {
  asked?.abort();
  const mine = asked = new AbortController();
  showProblem(problem, null);
  if (text.value.trim() === '') {
    showProblem(problem, new Problem('There is no article yet', 'Paste one, or try a sample.'));
    text.focus();
    return;
  }
  submit.setAttribute('aria-disabled', 'true');
  answer.classList.add('waiting');
  try {
    const started = performance.now();
    const said = await ask(mine.signal);
    show(said, performance.now() - started);
  } catch (error) {
    if (error.name !== 'AbortError') {
      answer.replaceChildren(nothing);
      showProblem(problem, asProblem(error));
    }
  } finally {
    if (asked === mine) {
      submit.removeAttribute('aria-disabled');
      answer.classList.remove('waiting');
    }
  }
  health.soon();
}

/** A model that loads, or a full waiting room, is asked again when it said it would have time. */
async function ask(signal) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await postJson(path('classify', classifier()), { text: text.value }, { signal });
    } catch (error) {
      if (!error.retryAfter || attempt === 5) throw error;
      showProblem(problem, new Problem(error.title, `${error.detail} It is asked again in ${error.retryAfter} s.`));
      await new Promise((resolve, reject) => {
        setTimeout(resolve, error.retryAfter * 1000);
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
      showProblem(problem, null);
    }
  }
}

function show(said, milliseconds) {
  const topics = Object.entries(said.probabilities).sort(([, a], [, b]) => b - a);
  answer.replaceChildren(
    element('p.verdict', {}, element('b', {}, said.label), ' ', element('span', {}, percent(said.score))),
    said.review ? element('p.check', {}, 'The model is not sure: a person should look at this one.') : '',
    element('ol.topics', { 'aria-label': 'Probabilities' }, ...topics.map(([label, probability]) =>
      element('li', {}, element('span', {}, label), ' ', element('span', {}, percent(probability)), bar(probability)))),
    element('p.facts', {}, [
      `version ${said.modelVersion}`,
      `${whole(said.tokens)} tokens${said.truncated ? ' (only the beginning was read)' : ''}`,
      `${whole(Math.max(1, Math.round(milliseconds)))} ms`,
    ].join(' · ')));
}
