import type { Clock, Timer } from '../domain/clock.js';
import { step } from './core.js';
import type { CallCommand, CallEvent } from './events.js';
import { newCall, type CallLimits, type CallState } from './state.js';

/**
 * Drives the pure core: feeds it one event after another, has its commands carried out, and keeps its one
 * timer. What the orchestrator is to be told waits until all commands are done, so that what it does at once
 * (begin a reply) meets a call that is in order.
 */
export class CoreRunner {
  readonly #clock: Clock;
  readonly #carryOut: (command: CallCommand) => void;
  readonly #guard: (task: () => void) => void;
  readonly #events: CallEvent[] = [];
  readonly #tells: (() => void)[] = [];
  #state: CallState;
  #busy = false;
  #telling = false;
  #deadline: Timer | undefined;

  /** `guard` runs the orchestrator's code and keeps what it throws. */
  constructor(limits: CallLimits, clock: Clock, carryOut: (command: CallCommand) => void, guard: (task: () => void) => void) {
    this.#clock = clock;
    this.#carryOut = carryOut;
    this.#guard = guard;
    this.#state = newCall(limits, clock.nowMs());
  }

  get state(): CallState {
    return this.#state;
  }

  /** May be called from anywhere, from within a command as well: events are taken one after another. */
  dispatch(event: CallEvent): void {
    this.#events.push(event);
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
        const result = step(this.#state, next, this.#clock.nowMs());
        this.#state = result.state;
        for (const command of result.commands) this.#carryOut(command);
      }
    } finally {
      this.#busy = false;
    }
    this.schedule();
    this.#tellAll();
  }

  /** Tells the orchestrator something once the commands at hand are done. */
  tell(task: () => void): void {
    this.#tells.push(task);
  }

  /** Sets the timer to the deadline of the present phase. */
  schedule(): void {
    this.#deadline?.cancel();
    if (this.#state.phase === 'ended') return;
    this.#deadline = this.#clock.at(this.#state.deadlineMs, () => this.dispatch({ type: 'tick' }));
  }

  #tellAll(): void {
    if (this.#telling) return;
    this.#telling = true;
    for (let tell = this.#tells.shift(); tell !== undefined; tell = this.#tells.shift()) this.#guard(tell);
    this.#telling = false;
  }
}
