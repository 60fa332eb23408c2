import type { Clock } from '../domain/clock.js';

/** Wrong tokens that an address may show at once, and how long until it gets back one of them. */
export const MAX_GUESSES = 10;
export const GUESS_BACK_MS = 6000;
/** Addresses that are told apart; all further ones share a single allowance. */
const MAX_ADDRESSES = 256;
const OTHERS = 'others';

interface Spent {
  /** Guesses not yet given back, at `atMs`. */
  readonly guesses: number;
  readonly atMs: number;
}

/**
 * How often a wrong token may be tried: a leaky bucket for each address, so that who guesses locks out himself and not
 * the operator. Memory is bounded: an address that has all its guesses back is forgotten, and where too many are known
 * the rest count as one.
 */
export class GuessLimit {
  readonly #clock: Clock;
  readonly #spent = new Map<string, Spent>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds until this address may try again; 0: now. */
  waitMs(address: string): number {
    const over = this.#guesses(this.#known(address)) - (MAX_GUESSES - 1);
    return over <= 0 ? 0 : over * GUESS_BACK_MS;
  }

  /** It showed a wrong token. */
  wrong(address: string): void {
    this.#forget();
    const known = this.#known(address);
    this.#spent.set(known, { guesses: this.#guesses(known) + 1, atMs: this.#clock.nowMs() });
  }

  /** Addresses that are remembered. */
  get size(): number {
    return this.#spent.size;
  }

  #known(address: string): string {
    return this.#spent.has(address) || this.#spent.size < MAX_ADDRESSES ? address : OTHERS;
  }

  #guesses(address: string): number {
    const spent = this.#spent.get(address);
    return spent === undefined ? 0 : Math.max(0, spent.guesses - (this.#clock.nowMs() - spent.atMs) / GUESS_BACK_MS);
  }

  #forget(): void {
    for (const address of this.#spent.keys()) if (this.#guesses(address) === 0) this.#spent.delete(address);
  }
}
