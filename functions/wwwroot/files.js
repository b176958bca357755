// The files of a version: plots are shown, the others can be downloaded. They are fetched with the key and shown from blob URLs.

import { getBlob, path } from './api.js';
import { element } from './dom.js';
import { asProblem, showProblem } from './problem.js';
import { titleOfFile } from './format.js';

/** Fetches the plots when the details are opened. */
export function files(classifier, version, names) {
  const place = element('div.plots');
  const plots = names.filter(isPlot);
  const others = names.filter(name => !isPlot(name));
  const title = plots.length > 0 ? 'Plots and files' : 'Files';
  const details = element('details', {}, element('summary', { 'aria-label': `${title} of version ${version}` }, title), place);
  const urlOf = file => path('models', classifier, version, 'files', file);
  details.addEventListener('toggle', () => {
    if (!details.open || place.childElementCount > 0) return;
    place.append(...plots.map(name => plot(urlOf(name), titleOfFile(name), version)));
    place.append(element('p.actions', {}, ...others.map(name => download(urlOf(name), name, version))));
  });
  return details;
}

const isPlot = file => /\.(png|webp|svg)$/i.test(file);

function plot(url, name, version) {
  const picture = element('img', { alt: `${name} of version ${version}` });
  const problem = element('div');
  fetchInto(picture, url).catch(error => {
    picture.remove();
    showProblem(problem, asProblem(error));
  });
  return element('figure', {}, element('figcaption', {}, name), picture, problem);
}

async function fetchInto(picture, url) {
  const blob = URL.createObjectURL(await getBlob(url));
  const revoke = () => URL.revokeObjectURL(blob);
  picture.addEventListener('load', revoke, { once: true });
  picture.addEventListener('error', revoke, { once: true });
  picture.src = blob;
}

function download(url, file, version) {
  const problem = element('span');
  const button = element('button.quiet', { type: 'button', 'aria-label': `Download ${file}` }, file);
  button.addEventListener('click', async () => {
    try {
      showProblem(problem, null);
      const blob = URL.createObjectURL(await getBlob(url));
      element('a', { href: blob, download: `${version}-${file}` }).click();
      setTimeout(() => URL.revokeObjectURL(blob), 60_000);
    } catch (error) {
      showProblem(problem, asProblem(error));
    }
  });
  return element('span', {}, button, problem);
}
