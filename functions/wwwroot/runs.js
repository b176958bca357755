// The trainings and their progress. When one ends, the rest of the page is refreshed.

import { getJson } from './api.js';
import { classifier, classifiers, health, selectClassifier } from './classifiers.js';
import { element, setText } from './dom.js';
import { renderKeyedList } from './keyed-list.js';
import { Poller } from './poller.js';
import { models } from './models.js';
import { notice } from './notice.js';
import { number, percent, timeAgo } from './format.js';

const list = document.getElementById('runs-list');
const empty = document.getElementById('runs-empty');
const states = new Map();

export const runs = new Poller('runs', 5, async () => {
  const { items } = await getJson('runs?limit=8', { background: true });
  renderKeyedList(list, items, keyOf, card, update);
  empty.hidden = items.length > 0;
  for (const run of items) await announceEnd(run);
  return items.some(isUnderWay) ? 1 : 5;
});

const keyOf = run => `${run.classifier}/${run.version}`;
const isUnderWay = run => run.state === 'queued' || run.state === 'running';

/** Only for trainings that end while the page is open. */
async function announceEnd(run) {
  const before = states.get(keyOf(run));
  states.set(keyOf(run), run.state);
  if (before === undefined || before === run.state || isUnderWay(run)) return;
  notice(run.state === 'published'
    ? `Training of ${run.classifier} finished: version ${run.version} is published.`
    : `Training of ${run.classifier} ended: ${run.state}.`);
  await Promise.all([classifiers.refresh(), models.refresh(), health.refresh()]);
}

function card(run) {
  const title = `${run.classifier} ${run.version}`;
  return element('li', {},
    element('div.card-head', {},
      element('h4.title', {}, run.classifier), element('span.state'), element('time.when')),
    element('progress', { max: 1, 'aria-label': `Progress of ${title}` }),
    element('p.doing'),
    element('p.reason'),
    element('p.actions', {}, element('button.quiet', { type: 'button', onclick: () => selectClassifier(run.classifier) }, `Show ${run.classifier}`)));
}

function update(shown, run) {
  const part = name => shown.querySelector(name);
  part('.state').dataset.state = run.state;
  setText(part('.state'), run.state);
  const time = run.finishedAt ?? run.startedAt ?? run.requestedAt;
  if (time) {
    part('time').dateTime = time;
    setText(part('time'), timeAgo(time));
  }
  const progress = part('progress');
  progress.hidden = !isUnderWay(run);
  progress.value = run.progress;
  setText(part('.doing'), doing(run));
  setText(part('.reason'), [run.reason, run.servingProblem].filter(Boolean).join('\n'));
  part('.actions').hidden = run.state !== 'published' || run.classifier === classifier();
}

function doing(run) {
  if (run.state === 'published' && typeof run.accuracy === 'number') return `version ${run.version}, accuracy ${percent(run.accuracy)}`;
  if (run.state !== 'running') return `version ${run.version}`;
  return [
    run.doing ?? 'starting',
    typeof run.loss === 'number' ? `loss ${number(run.loss)}` : null,
    typeof run.articlesPerSecond === 'number' ? `${number(run.articlesPerSecond)} articles/s` : null,
    run.eta ? `ends ${until(run.eta)}` : null,
  ].filter(part => part !== null).join(' · ');
}

function until(time) {
  const minutes = Math.round((new Date(time).getTime() - Date.now()) / 60_000);
  return minutes < 1 ? 'in less than a minute' : minutes === 1 ? 'in about a minute' : `in about ${minutes} minutes`;
}
