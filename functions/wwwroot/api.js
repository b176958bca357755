// The functions, as this page calls them. Every way out but success is a Problem.

import { keyInUse, otherKey } from './key.js';
import { problemOf, problemOfText, unreachable } from './problem.js';

const root = new URL('../', import.meta.url);

export const path = (...segments) => segments.map(encodeURIComponent).join('/');

export const getJson = async (address, options) => (await send(address, options)).json();

export const getBlob = async address => (await send(address)).blob();

export const postJson = async (address, body, options) =>
  (await send(address, { ...options, method: 'POST', body: JSON.stringify(body), type: 'application/json' })).json();

/** For answers without content. */
export const post = (address, body) =>
  send(address, body === undefined ? { method: 'POST' } : { method: 'POST', body: JSON.stringify(body), type: 'application/json' });

async function send(address, { method = 'GET', body, type, signal, background = false } = {}) {
  for (; ;) {
    const key = keyInUse();
    const headers = { ...(type && { 'Content-Type': type }), ...(key && { 'x-functions-key': key }) };
    let response;
    try {
      response = await fetch(new URL(address, root), { method, body, headers, signal, cache: 'no-store' });
    } catch (error) {
      throw error.name === 'AbortError' ? error : unreachable();
    }
    if (response.ok) return response;
    if (response.status !== 401) throw await problemOf(response);
    await otherKey(key, background);
  }
}

/**
 * Sends a file and tells how much of it is gone; fetch cannot.
 * @param {(share: number) => void} progress from 0 to 1
 */
export async function upload(address, file, progress) {
  for (; ;) {
    const key = keyInUse();
    const request = await sent(address, file, key, progress);
    if (request.status >= 200 && request.status < 300) return JSON.parse(request.responseText);
    if (request.status !== 401) throw problemOfText(request.status, request.responseText);
    await otherKey(key, false);
  }
}

function sent(address, file, key, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('PUT', new URL(address, root));
    if (key) request.setRequestHeader('x-functions-key', key);
    request.setRequestHeader('Content-Type', file.type || 'application/octet-stream');
    request.upload.addEventListener('progress', event => progress(event.total > 0 ? event.loaded / event.total : 0));
    request.addEventListener('load', () => resolve(request));
    request.addEventListener('error', () => reject(unreachable()));
    request.send(file);
  });
}
