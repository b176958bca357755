// The files of a version: plots are shown, the others can be downloaded. They are fetched with the key, so they become blob addresses.

import { getBlob, path } from './api.js';
import { element } from './dom.js';
import { asProblem, showProblem } from './problem.js';
import { nameOfFile } from './format.js';

/** Unfolds on demand: nothing is fetched before. */
export function files(classifier, version, names) {
  const place = element('div.plots');
  const plotted = names.filter(isPlot);
  const others = names.filter(name => !isPlot(name));
  const title = plotted.length > 0 ? 'Plots and files' : 'Files';
  const unfolded = element('details', {}, element('summary', { 'aria-label': `${title} of version ${version}` }, title), place);
  const address = file => path('models', classifier, version, 'files', file);
  unfolded.addEventListener('toggle', () => {
    if (!unfolded.open || place.childElementCount > 0) return;
    place.append(...plotted.map(name => plot(address(name), nameOfFile(name), version)));
    place.append(element('p.actions', {}, ...others.map(name => download(address(name), name, version))));
  });
  return unfolded;
}

const isPlot = file => /\.(png|webp|svg)$/i.test(file);

function plot(address, name, version) {
  const picture = element('img', { alt: `${name} of version ${version}` });
  const problem = element('div');
  fetchInto(picture, address).catch(error => {
    picture.remove();
    showProblem(problem, asProblem(error));
  });
  return element('figure', {}, element('figcaption', {}, name), picture, problem);
}

async function fetchInto(picture, address) {
  const blob = URL.createObjectURL(await getBlob(address));
  const forget = () => URL.revokeObjectURL(blob);
  picture.addEventListener('load', forget, { once: true });
  picture.addEventListener('error', forget, { once: true });
  picture.src = blob;
}

function download(address, file, version) {
  const problem = element('span');
  const button = element('button.quiet', { type: 'button', 'aria-label': `Download ${file}` }, file);
  button.addEventListener('click', async () => {
    try {
      showProblem(problem, null);
      const blob = URL.createObjectURL(await getBlob(address));
      element('a', { href: blob, download: `${version}-${file}` }).click();
      setTimeout(() => URL.revokeObjectURL(blob), 60_000);
    } catch (error) {
      showProblem(problem, asProblem(error));
    }
  });
  return element('span', {}, button, problem);
}
