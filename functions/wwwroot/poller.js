// What the page shows by itself: asked for again and again while somebody looks.

import { asProblem, showProblem } from './problem.js';

/** Work that is repeated; `soon` does it at once, as after something that the reader did. */
export class Live {
  #work;
  #place;
  #seconds;
  #timer = null;
  #running = null;

  /**
   * @param {string|null} name of the place where its problems are shown; null for work that has none
   * @param {number} seconds between two rounds
   * @param {() => Promise<number|void>} work may return how many seconds to wait this time
   */
  constructor(name, seconds, work) {
    this.#work = work;
    this.#seconds = seconds;
    this.#place = name && document.querySelector(`[data-problems="${name}"]`);
    document.addEventListener('visibilitychange', () => { if (!document.hidden) this.soon(); });
  }

  async soon() {
    // A round that began before the reader's deed may not show it: another one follows.
    await this.#running;
    clearTimeout(this.#timer);
    this.#running ??= this.#round().finally(() => { this.#running = null; });
    await this.#running;
  }

  async #round() {
    let wait = this.#seconds;
    try {
      wait = await this.#work() ?? wait;
      this.#show(null);
    } catch (error) {
      const problem = asProblem(error);
      // Without a key nothing can be shown; that is said once, at the top.
      this.#show(problem.status === 401 ? null : problem);
      wait = Math.max(wait, problem.retryAfter ?? 5);
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => { if (!document.hidden) this.soon(); }, wait * 1000);
  }

  #show(problem) {
    if (this.#place) showProblem(this.#place, problem);
  }
}
