// The versions of a classifier: how good each is, which one serves, and a button that lets another one serve.

import { getJson, path, post } from './api.js';
import { classifier, classifiers, health, onClassifier } from './classifiers.js';
import { element, say } from './dom.js';
import { files } from './files.js';
import { showKeyed } from './keyed-list.js';
import { Live } from './poller.js';
import { notice } from './notice.js';
import { asProblem, showProblem } from './problem.js';
import { ago, percent, whole } from './format.js';

const list = document.getElementById('models-list');
const empty = document.getElementById('models-empty');
const problems = document.querySelector('[data-problems="models"]');
const dialog = document.getElementById('promote-dialog');

let serving = null;

export const models = new Live('models', 15, async () => {
  const name = classifier();
  if (!name) return;
  const known = await getJson(path('models', name), { background: true });
  if (name !== classifier()) return;
  serving = known.serving;
  showKeyed(list, known.versions, item => item.version, card, update);
  empty.hidden = known.versions.length > 0;
});

onClassifier(name => {
  say(document.getElementById('models-classifier'), name);
  list.replaceChildren();
  models.soon();
});

const card = item => element('li', {},
  element('div.card-head', {},
    element('h3.title', {}, item.version), element('span.state'), element('time.when', { dateTime: item.created })),
  element('dl.figures'),
  element('p.reason'),
  files(classifier(), item.version, item.files),
  element('p.actions', {}, element('button', {
    type: 'button', 'aria-label': `Let it serve: version ${item.version}`, onclick: () => promote(item.version),
  }, 'Let it serve')));

function update(shown, item) {
  const state = shown.querySelector('.state');
  state.dataset.state = item.state;
  say(state, item.state);
  say(shown.querySelector('time'), ago(item.created));
  say(shown.querySelector('.reason'), item.reason || item.gate || '');
  shown.querySelector('.actions').hidden = item.state === 'serving' || item.state === 'failed';
  const figures = shown.querySelector('.figures');
  const known = [
    ['accuracy', percent, item.accuracy],
    ['macro F1', percent, item.macroF1],
    ['held-out articles', whole, item.heldOut],
  ].filter(([, , value]) => typeof value === 'number');
  const text = JSON.stringify(known);
  if (figures.dataset.shown === text) return;
  figures.dataset.shown = text;
  figures.replaceChildren(...known.map(([name, format, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, format(value)))));
}

async function promote(version) {
  const name = classifier();
  say(document.getElementById('promote-heading'), `Let version ${version} serve?`);
  say(document.getElementById('promote-why'),
    `From then on it answers every article for “${name}”. ${serving ? `Version ${serving} stays, and you can go back to it in the same way.` : ''}`);
  if (!await confirmed()) return;
  try {
    await post(path('models', name, version, 'promote'));
    notice(`Version ${version} of ${name} serves as soon as the functions have taken it, in a moment.`);
    await Promise.all([models.soon(), classifiers.soon(), health.soon()]);
  } catch (error) {
    showProblem(problems, asProblem(error));
  }
}

function confirmed() {
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise(resolve => dialog.addEventListener('close', () => resolve(dialog.returnValue === 'promote'), { once: true }));
}
