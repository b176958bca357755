// The function key or operator key. The page asks for it when a function requires it, and keeps it in this tab only.

import { Problem } from './problem.js';

const storageKey = 'serverless-key';
const dialog = document.getElementById('key-dialog');
const input = document.getElementById('key');
const explanation = document.getElementById('key-why');
const keyMissing = document.getElementById('key-missing');

let prompting = null;
let dismissed = false;

export const currentKey = () => sessionStorage.getItem(storageKey);

/**
 * Resolves once there is another key than the rejected one.
 * @param {string|null} rejected
 * @param {boolean} background true for polling, which does not open the dialog again after the user dismissed it
 */
export async function requestKey(rejected, background) {
  if (currentKey() !== rejected) return;
  if (background && dismissed) throw missing();
  prompting ??= prompt(rejected).finally(() => { prompting = null; });
  await prompting;
}

document.getElementById('enter-key').addEventListener('click', () => {
  prompting ??= prompt(currentKey()).finally(() => { prompting = null; });
  prompting.catch(() => { });
});

function prompt(rejected) {
  explanation.textContent = rejected === null
    ? 'Enter the function key to classify and read. Enter the operator key to upload data sets, export labels and promote models too.'
    : 'The key is not valid here. Uploading data sets, exporting labels and promoting models requires the operator key.';
  input.value = '';
  // Enter in the field activates the first button; Escape activates none.
  dialog.returnValue = '';
  dialog.showModal();
  input.focus();
  return new Promise((resolve, reject) => {
    dialog.addEventListener('close', () => {
      const key = input.value.trim();
      const entered = dialog.returnValue === 'use' && key !== '';
      input.value = '';
      dismissed = !entered;
      keyMissing.hidden = entered;
      if (entered) {
        sessionStorage.setItem(storageKey, key);
        resolve();
      } else {
        reject(missing());
      }
    }, { once: true });
  });
}

const missing = () =>
  new Problem('A key is required', 'The functions accept only requests with a key. Use “Enter a key” at the top of the page.', { status: 401 });
