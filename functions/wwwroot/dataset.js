// A data set is dropped or chosen, and uploaded; the run that it leads to appears by itself.

import { path, upload } from './api.js';
import { onClassifier } from './classifiers.js';
import { say } from './dom.js';
import { notice } from './notice.js';
import { asProblem, Problem, showProblem } from './problem.js';
import { runs } from './runs.js';
import { bytes, percent } from './format.js';

const form = document.getElementById('dataset-form');
const file = document.getElementById('dataset-file');
const name = document.getElementById('dataset-classifier');
const sending = document.getElementById('dataset-sending');
const sent = document.getElementById('dataset-sent');
const problem = document.getElementById('dataset-problem');
const submit = form.querySelector('[type="submit"]');

let busy = false;

onClassifier(classifier => { name.value = classifier; });

form.addEventListener('submit', event => {
  event.preventDefault();
  send();
});

// A file that misses the field would replace the page in the browser.
for (const type of ['dragover', 'drop']) window.addEventListener(type, event => event.preventDefault());
form.addEventListener('dragover', () => form.classList.add('over'));
form.addEventListener('dragleave', event => { if (!form.contains(event.relatedTarget)) form.classList.remove('over'); });
form.addEventListener('drop', event => {
  form.classList.remove('over');
  if (event.dataTransfer.files.length !== 1) {
    showProblem(problem, new Problem('One file at a time, please', `You dropped ${event.dataTransfer.files.length}.`));
    return;
  }
  file.files = event.dataTransfer.files;
  showProblem(problem, null);
  // What trains is said before it trains: the name of the classifier stands beside the button.
  submit.focus();
});

async function send() {
  if (busy) return;
  const [chosen] = file.files;
  const classifier = name.value.trim();
  if (!chosen || !classifier) {
    showProblem(problem, chosen
      ? new Problem('Which classifier is it for?', 'An existing name trains a new version of it; a new name makes a new classifier.')
      : new Problem('There is no file yet', 'Drop one here, or choose one.'));
    (chosen ? name : file).focus();
    return;
  }
  busy = true;
  showProblem(problem, null);
  submit.setAttribute('aria-disabled', 'true');
  sending.hidden = false;
  const show = share => {
    sent.value = share;
    say(document.getElementById('dataset-sending-text'), `${chosen.name}, ${bytes(chosen.size)}: ${percent(share)} sent`);
  };
  show(0);
  try {
    await upload(path('datasets', classifier, chosen.name), chosen, show);
    file.value = '';
    notice(`${chosen.name} is uploaded. The training of ${classifier} begins in a moment.`);
    runs.soon();
  } catch (error) {
    showProblem(problem, asProblem(error));
  } finally {
    busy = false;
    submit.removeAttribute('aria-disabled');
    sending.hidden = true;
  }
}
