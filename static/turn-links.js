// @ts-check

import { byId } from './view.js';

/** How long a line or row stays lit after the jump to it. */
const LIT_MS = 1600;

/**
 * Joins the conversation with the table of turns, both ways: a press on a turn's number leads to its other half,
 * and the pointer over one lights the other.
 */
export class TurnLinks {
  #lines = byId('lines', HTMLOListElement);
  #rows = byId('turns-body', HTMLTableSectionElement);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  constructor() {
    for (const [here, there] of /** @type {const} */ ([[this.#lines, this.#rows], [this.#rows, this.#lines]])) {
      here.addEventListener('click', (event) => this.#jump(event, there));
      here.addEventListener('pointerover', (event) => this.#light(turnAt(event.target)));
      here.addEventListener('pointerleave', () => this.#light(undefined));
    }
  }

  /** The table holds the last turns only: numbers of older ones lead nowhere any more. */
  refresh() {
    for (const link of this.#lines.querySelectorAll('button')) link.disabled = half(this.#rows, link.dataset.to) === undefined;
    for (const link of this.#rows.querySelectorAll('button')) link.disabled = half(this.#lines, link.dataset.to) === undefined;
  }

  /**
   * @param {Event} event
   * @param {HTMLElement} there
   */
  #jump(event, there) {
    const link = event.target instanceof Element ? event.target.closest('button') : null;
    const turn = link?.dataset.to;
    const target = half(there, turn);
    if (turn === undefined || target === undefined) return;
    const smooth = !matchMedia('(prefers-reduced-motion: reduce)').matches;
    target.scrollIntoView({ block: 'nearest', behavior: smooth ? 'smooth' : 'auto' });
    // From there the same way leads back.
    target.querySelector('button')?.focus({ preventScroll: true });
    this.#light(turn);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#light(undefined), LIT_MS);
  }

  /** @param {string | undefined} turn */
  #light(turn) {
    for (const element of [...this.#lines.children, ...this.#rows.children]) {
      element.classList.toggle('lit', turn !== undefined && element instanceof HTMLElement && element.dataset.turn === turn);
    }
  }
}

/** @param {EventTarget | null} target */
function turnAt(target) {
  const owner = target instanceof Element ? target.closest('[data-turn]') : null;
  return owner instanceof HTMLElement ? owner.dataset.turn : undefined;
}

/**
 * The line or row of a turn; of several lines the one that carries the number.
 * @param {HTMLElement} where
 * @param {string | undefined} turn
 * @returns {HTMLElement | undefined}
 */
function half(where, turn) {
  const all = [...where.children].filter((element) => element instanceof HTMLElement && turn !== undefined && element.dataset.turn === turn);
  return /** @type {HTMLElement | undefined} */ (all.find((element) => element.querySelector('button:not([hidden])')) ?? all[0]);
}
