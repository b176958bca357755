// One short sentence at the foot of the page, read out by screen readers: what a button has done.

import { say } from './dom.js';

const place = document.getElementById('notice');
let timer;

export function notice(text) {
  clearTimeout(timer);
  say(place, text);
  place.classList.add('shown');
  timer = setTimeout(() => {
    place.classList.remove('shown');
    place.textContent = '';
  }, 8000);
}
