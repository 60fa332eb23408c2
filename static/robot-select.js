// @ts-check

import { listRobots } from './api.js';
import { aboutRobot } from './robots.js';
import { byId } from './view.js';

/** @import { Robots } from './robots.js' */

/**
 * The list of robots beside the start button. Robots that cannot take calls are shown, with what they lack.
 */
export class RobotSelect {
  #select = byId('robot', HTMLSelectElement);
  #about = byId('robot-about', HTMLElement);
  /** @type {Robots} */
  #robots = { choices: [], preferred: null };
  /** What the person or the address has chosen, which a newer list does not change. */
  /** @type {string | null} */
  #wanted = null;

  constructor() {
    this.#select.addEventListener('change', () => {
      this.#wanted = this.#select.value;
      this.#tell();
    });
  }

  /** The chosen robot; null: the node's default. */
  get chosen() {
    return this.#select.value || null;
  }

  /** @param {string} name */
  choose(name) {
    this.#wanted = name;
    this.#take();
  }

  /**
   * Asks the node. Without its list the button still starts the node's default robot, so a failure is not worth
   * a warning.
   */
  async refresh() {
    const robots = await listRobots().catch(() => null);
    if (robots === null || robots.choices.length === 0) return;
    // An open list would fall shut, so only news are written.
    const news = JSON.stringify(robots) !== JSON.stringify(this.#robots);
    this.#robots = robots;
    if (news) this.#fill();
  }

  #fill() {
    const options = this.#robots.choices.map(({ name, label, ready }) => {
      const option = new Option(label, name);
      option.disabled = !ready;
      return option;
    });
    this.#select.replaceChildren(...options);
    this.#take();
  }

  /** Chooses what is wanted where it can be had, else what the node prefers. */
  #take() {
    const { choices, preferred } = this.#robots;
    const wanted = choices.find(({ name, ready }) => ready && name === this.#wanted)?.name ?? preferred;
    if (wanted !== null) this.#select.value = wanted;
    this.#tell();
  }

  #tell() {
    const chosen = this.#robots.choices.find(({ name }) => name === this.#select.value);
    this.#about.textContent = aboutRobot(chosen);
  }
}
