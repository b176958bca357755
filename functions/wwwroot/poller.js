// Repeats work while the page is visible.

import { asProblem, showProblem } from './problem.js';

export class Poller {
  #work;
  #problems;
  #seconds;
  #timer = null;
  #running = null;

  /**
   * @param {string|null} name of the element that shows its problems; null to show none
   * @param {number} seconds between two runs
   * @param {() => Promise<number|void>} work may return the seconds until the next run
   */
  constructor(name, seconds, work) {
    this.#work = work;
    this.#seconds = seconds;
    this.#problems = name && document.querySelector(`[data-problems="${name}"]`);
    document.addEventListener('visibilitychange', () => { if (!document.hidden) this.refresh(); });
  }

  /** Runs now, for example after an action of the user. */
  async refresh() {
    // A run that started before the action may not show it, so another one follows.
    await this.#running;
    clearTimeout(this.#timer);
    this.#running ??= this.#run().finally(() => { this.#running = null; });
    await this.#running;
  }

  async #run() {
    let wait = this.#seconds;
    try {
      wait = await this.#work() ?? wait;
      this.#show(null);
    } catch (error) {
      const problem = asProblem(error);
      // A missing key is shown once, at the top of the page.
      this.#show(problem.status === 401 ? null : problem);
      wait = Math.max(wait, problem.retryAfter ?? 5);
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => { if (!document.hidden) this.refresh(); }, wait * 1000);
  }

  #show(problem) {
    if (this.#problems) showProblem(this.#problems, problem);
  }
}
