// Classifies the article in the text area and shows the probabilities of its topics.

import { path, postJson } from './api.js';
import { classifier, health, onClassifier } from './classifiers.js';
import { bar, element } from './dom.js';
import { integer, percent } from './format.js';
import { asProblem, Problem, showProblem } from './problem.js';

const maxAttempts = 5;
const form = document.getElementById('article-form');
const text = document.getElementById('article-text');
const prediction = document.getElementById('prediction');
const problem = document.getElementById('article-problem');
const submit = form.querySelector('[type="submit"]');
const placeholder = prediction.firstElementChild;

let request = null;

form.addEventListener('submit', event => {
  event.preventDefault();
  classify();
});
text.addEventListener('keydown', event => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});

// The topics of another classifier differ, so the prediction of the previous one is cleared. Without a previous one the list of
// classifiers has just arrived: the prediction is that of the default classifier and stays.
onClassifier((_, previous) => {
  if (!previous) return;
  request?.abort();
  prediction.replaceChildren(placeholder);
  showProblem(problem, null);
});

async function classify() {
  request?.abort();
  const current = request = new AbortController();
  showProblem(problem, null);
  if (text.value.trim() === '') {
    showProblem(problem, new Problem('The article is empty', 'Paste an article, or try a sample.'));
    text.focus();
    return;
  }
  submit.setAttribute('aria-disabled', 'true');
  prediction.classList.add('pending');
  try {
    const started = performance.now();
    const response = await classifyWithRetry(current.signal);
    show(response, performance.now() - started);
  } catch (error) {
    if (error.name !== 'AbortError') {
      prediction.replaceChildren(placeholder);
      showProblem(problem, asProblem(error));
    }
  } finally {
    if (request === current) {
      submit.removeAttribute('aria-disabled');
      prediction.classList.remove('pending');
    }
  }
  health.refresh();
}

/** Retries after the time of the header Retry-After, while a model is loading or the queue is full. */
async function classifyWithRetry(signal) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await postJson(path('classify', classifier()), { text: text.value }, { signal });
    } catch (error) {
      if (!error.retryAfter || attempt === maxAttempts) throw error;
      showProblem(problem, new Problem(error.title, `${error.detail} Next attempt in ${error.retryAfter} s.`));
      await new Promise((resolve, reject) => {
        setTimeout(resolve, error.retryAfter * 1000);
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
      showProblem(problem, null);
    }
  }
}

function show(response, milliseconds) {
  const topics = Object.entries(response.probabilities).sort(([, a], [, b]) => b - a);
  prediction.replaceChildren(
    element('p.top-topic', {}, element('b', {}, response.label), ' ', element('span', {}, percent(response.score))),
    response.review ? element('p.check', {}, 'The score is low: a person should check this article.') : '',
    element('ol.topics', { 'aria-label': 'Probabilities' }, ...topics.map(([label, probability]) =>
      element('li', {}, element('span', {}, label), ' ', element('span', {}, percent(probability)), bar(probability)))),
    element('p.facts', {}, [
      `version ${response.modelVersion}`,
      `${integer(response.tokens)} tokens${response.truncated ? ' (only the beginning was read)' : ''}`,
      `${integer(Math.max(1, Math.round(milliseconds)))} ms`,
    ].join(' · ')));
}
