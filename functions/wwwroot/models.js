// The versions of the selected classifier with their metrics; another version can be promoted.

import { getJson, path, post } from './api.js';
import { classifier, classifiers, health, onClassifier } from './classifiers.js';
import { element, setText } from './dom.js';
import { files } from './files.js';
import { renderKeyedList } from './keyed-list.js';
import { Poller } from './poller.js';
import { notice } from './notice.js';
import { asProblem, showProblem } from './problem.js';
import { integer, percent, timeAgo } from './format.js';

const list = document.getElementById('models-list');
const empty = document.getElementById('models-empty');
const problems = document.querySelector('[data-problems="models"]');
const dialog = document.getElementById('promote-dialog');

let serving = null;

export const models = new Poller('models', 15, async () => {
  const name = classifier();
  if (!name) return;
  const response = await getJson(path('models', name), { background: true });
  if (name !== classifier()) return;
  serving = response.serving;
  renderKeyedList(list, response.versions, item => item.version, card, update);
  empty.hidden = response.versions.length > 0;
});

onClassifier(name => {
  setText(document.getElementById('models-classifier'), name);
  list.replaceChildren();
  models.refresh();
});

const card = item => element('li', {},
  element('div.card-head', {},
    element('h3.title', {}, item.version), element('span.state'), element('time.when', { dateTime: item.created })),
  element('dl.figures'),
  element('p.reason'),
  files(classifier(), item.version, item.files),
  element('p.actions', {}, element('button', {
    type: 'button', 'aria-label': `Promote version ${item.version}`, onclick: () => promote(item.version),
  }, 'Promote')));

function update(shown, item) {
  const state = shown.querySelector('.state');
  state.dataset.state = item.state;
  setText(state, item.state);
  setText(shown.querySelector('time'), timeAgo(item.created));
  setText(shown.querySelector('.reason'), item.reason || item.gate || '');
  shown.querySelector('.actions').hidden = item.state === 'serving' || item.state === 'failed';
  const metrics = shown.querySelector('.figures');
  const known = [
    ['accuracy', percent, item.accuracy],
    ['macro F1', percent, item.macroF1],
    ['held-out articles', integer, item.heldOut],
  ].filter(([, , value]) => typeof value === 'number');
  const text = JSON.stringify(known);
  if (metrics.dataset.shown === text) return;
  metrics.dataset.shown = text;
  metrics.replaceChildren(...known.map(([name, format, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, format(value)))));
}

async function promote(version) {
  const name = classifier();
  setText(document.getElementById('promote-heading'), `Promote version ${version}?`);
  setText(document.getElementById('promote-why'),
    `It then classifies all articles of “${name}”. ${serving ? `Version ${serving} is kept, and you can promote it again.` : ''}`);
  if (!await confirmed()) return;
  try {
    await post(path('models', name, version, 'promote'));
    notice(`Version ${version} of ${name} is promoted. The functions load it in a moment.`);
    await Promise.all([models.refresh(), classifiers.refresh(), health.refresh()]);
  } catch (error) {
    showProblem(problems, asProblem(error));
  }
}

function confirmed() {
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise(resolve => dialog.addEventListener('close', () => resolve(dialog.returnValue === 'promote'), { once: true }));
}
