// A short message at the bottom of the page, announced by screen readers: the outcome of an action.

import { setText } from './dom.js';

const place = document.getElementById('notice');
let timer;

export function notice(text) {
  clearTimeout(timer);
  setText(place, text);
  place.classList.add('shown');
  timer = setTimeout(() => {
    place.classList.remove('shown');
    place.textContent = '';
  }, 8000);
}
