// Calls the functions. Every failure is thrown as a Problem.

import { currentKey, requestKey } from './key.js';
import { Problem, problemFromResponse, unreachable } from './problem.js';

const root = new URL('../', import.meta.url);

export const path = (...segments) => segments.map(encodeURIComponent).join('/');

export const getJson = async (url, options) => (await send(url, options)).json();

export const getBlob = async url => (await send(url)).blob();

export const postJson = async (url, body, options) =>
  (await send(url, { ...options, method: 'POST', body: JSON.stringify(body), type: 'application/json' })).json();

/** For responses that are not read. */
export const post = (url, body) =>
  send(url, body === undefined ? { method: 'POST' } : { method: 'POST', body: JSON.stringify(body), type: 'application/json' });

async function send(url, { method = 'GET', body, type, signal, background = false } = {}) {
  for (; ;) {
    const key = currentKey();
    const headers = { ...(type && { 'Content-Type': type }), ...(key && { 'x-functions-key': key }) };
    let response;
    try {
      response = await fetch(new URL(url, root), { method, body, headers, signal, cache: 'no-store' });
    } catch (error) {
      throw error.name === 'AbortError' ? error : unreachable();
    }
    if (response.ok) return response;
    if (response.status !== 401) throw await problemFromResponse(response);
    await requestKey(key, background);
  }
}

/**
 * Uploads a file straight to storage, with the URL and the headers that the functions grant. It is sent with XMLHttpRequest, since
 * fetch does not report the progress of a request.
 * @param {{ url: string, method: string, headers: object }} grant
 * @param {(share: number) => void} onProgress from 0 to 1
 */
export async function upload(grant, file, onProgress) {
  const request = await sendFile(grant, file, onProgress);
  if (request.status >= 200 && request.status < 300) return;
  throw new Problem('Storage did not accept the file',
    `It responded with ${request.status} ${request.getResponseHeader('x-ms-error-code') ?? ''}. Try again; the permission to upload lasts half an hour.`,
    { status: request.status });
}

function sendFile({ url, method, headers }, file, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.setRequestHeader('Content-Type', file.type || 'application/octet-stream');
    request.upload.addEventListener('progress', event => onProgress(event.total > 0 ? event.loaded / event.total : 0));
    request.addEventListener('load', () => resolve(request));
    request.addEventListener('error', () => reject(new Problem(
      'The storage account cannot be reached', 'Its firewall or its rules for web pages (CORS) block this browser, or the network failed.')));
    request.send(file);
  });
}
