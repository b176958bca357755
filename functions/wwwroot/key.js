// The key that the functions may ask for. It is asked for once, when they do, and lives in this tab only.

import { Problem } from './problem.js';

const storage = 'serverless-key';
const dialog = document.getElementById('key-dialog');
const input = document.getElementById('key');
const why = document.getElementById('key-why');
const without = document.getElementById('key-missing');

let asking = null;
let dismissed = false;

export const keyInUse = () => sessionStorage.getItem(storage);

/**
 * Resolves once there is another key than the one that was refused.
 * @param {string|null} refused
 * @param {boolean} background true for what the page does by itself: it does not ask again after a "not now"
 */
export async function otherKey(refused, background) {
  if (keyInUse() !== refused) return;
  if (background && dismissed) throw missing();
  asking ??= ask(refused).finally(() => { asking = null; });
  await asking;
}

document.getElementById('enter-key').addEventListener('click', () => {
  asking ??= ask(keyInUse()).finally(() => { asking = null; });
  asking.catch(() => { });
});

function ask(refused) {
  why.textContent = refused === null
    ? 'Classifying and reading take the function key. With the admin key you can also upload data sets and promote models.'
    : 'The key that you gave is not accepted here. For uploading data sets and promoting models it must be the admin key.';
  input.value = '';
  // Enter in the field presses the first button; Escape presses none.
  dialog.returnValue = '';
  dialog.showModal();
  input.focus();
  return new Promise((resolve, reject) => {
    dialog.addEventListener('close', () => {
      const given = input.value.trim();
      const used = dialog.returnValue === 'use' && given !== '';
      input.value = '';
      dismissed = !used;
      without.hidden = used;
      if (used) {
        sessionStorage.setItem(storage, given);
        resolve();
      } else {
        reject(missing());
      }
    }, { once: true });
  });
}

const missing = () => new Problem('A key is needed', 'The functions answer only callers who show their key. “Enter a key” is at the top of the page.', { status: 401 });
