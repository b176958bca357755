// Articles that failed on every attempt: a button sends them to the queue again.

import { getJson, path, postJson } from './api.js';
import { classifier, onClassifier } from './classifiers.js';
import { setText } from './dom.js';
import { integer } from './format.js';
import { notice } from './notice.js';
import { Poller } from './poller.js';
import { asProblem, showProblem } from './problem.js';

const shown = 100;
const replay = document.getElementById('failed-replay');
const problems = document.querySelector('[data-problems="results"]');

const failed = new Poller(null, 10, async () => {
  const name = classifier();
  if (!name) return;
  const page = await getJson(`${path('failed', name)}?limit=${shown}`, { background: true });
  if (name !== classifier()) return;
  const count = page.items.length;
  replay.hidden = count === 0;
  setText(replay, `Send ${integer(count)}${page.continuation ? '+' : ''} failed ${count === 1 ? 'article' : 'articles'} again`);
});

onClassifier(() => {
  replay.hidden = true;
  failed.refresh();
});

replay.addEventListener('click', async () => {
  try {
    let sent = 0;
    let outcome;
    do {
      outcome = await postJson(path('failed', classifier()), {});
      sent += outcome.replayed;
    } while (outcome.more);
    notice(`${integer(sent)} failed ${sent === 1 ? 'article is' : 'articles are'} in the queue again.`);
    failed.refresh();
  } catch (error) {
    showProblem(problems, asProblem(error));
  }
});
