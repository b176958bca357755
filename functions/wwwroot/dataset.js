// Uploads a data set that was dropped or chosen. Its training then appears in the list of runs.

import { path, postJson, upload } from './api.js';
import { onClassifier } from './classifiers.js';
import { setText } from './dom.js';
import { notice } from './notice.js';
import { asProblem, Problem, showProblem } from './problem.js';
import { runs } from './runs.js';
import { fileSize, percent } from './format.js';

const form = document.getElementById('dataset-form');
const file = document.getElementById('dataset-file');
const name = document.getElementById('dataset-classifier');
const uploading = document.getElementById('dataset-upload');
const uploadText = document.getElementById('dataset-upload-text');
const progress = document.getElementById('dataset-progress');
const problem = document.getElementById('dataset-problem');
const submit = form.querySelector('[type="submit"]');

let busy = false;

onClassifier(classifier => { name.value = classifier; });

form.addEventListener('submit', event => {
  event.preventDefault();
  send();
});

// The browser would open a file that is dropped beside the form.
for (const type of ['dragover', 'drop']) window.addEventListener(type, event => event.preventDefault());
form.addEventListener('dragover', () => form.classList.add('over'));
form.addEventListener('dragleave', event => { if (!form.contains(event.relatedTarget)) form.classList.remove('over'); });
form.addEventListener('drop', event => {
  form.classList.remove('over');
  if (event.dataTransfer.files.length !== 1) {
    showProblem(problem, new Problem('Only one file can be uploaded', `You dropped ${event.dataTransfer.files.length} files.`));
    return;
  }
  file.files = event.dataTransfer.files;
  showProblem(problem, null);
  // The upload does not start by itself: the user confirms the name of the classifier beside the button.
  submit.focus();
});

async function send() {
  if (busy) return;
  const [chosen] = file.files;
  const classifier = name.value.trim();
  if (!chosen || !classifier) {
    showProblem(problem, chosen
      ? new Problem('The name of the classifier is missing', 'An existing name trains a new version; a new name creates a classifier.')
      : new Problem('No file is selected', 'Drop a file here, or choose one.'));
    (chosen ? name : file).focus();
    return;
  }
  busy = true;
  showProblem(problem, null);
  submit.setAttribute('aria-disabled', 'true');
  uploading.hidden = false;
  const show = share => {
    progress.value = share;
    setText(uploadText, `${chosen.name}, ${fileSize(chosen.size)}: ${percent(share)} sent`);
  };
  show(0);
  try {
    await upload(await postJson(path('datasets', classifier, chosen.name, 'upload'), {}), chosen, show);
    file.value = '';
    notice(`${chosen.name} is uploaded. The training of ${classifier} starts in a moment.`);
    runs.refresh();
  } catch (error) {
    showProblem(problem, asProblem(error));
  } finally {
    busy = false;
    submit.removeAttribute('aria-disabled');
    uploading.hidden = true;
  }
}
