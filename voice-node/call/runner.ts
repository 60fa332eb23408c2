import type { Clock, Timer } from '../domain/clock.js';
import { asNodeError, VoiceNodeError } from '../domain/errors.js';
import { step } from './core.js';
import type { CallCommand, CallEvent } from './events.js';
import { newCall, type CallLimits, type CallRules, type CallState } from './state.js';

/** What one event may make the orchestrator be told, and what that may lead to; more is a loop without end. */
const MAX_TELLS_AT_ONCE = 1000;

export interface RunnerOptions {
  readonly limits: CallLimits;
  readonly rules: CallRules;
  /** How long ago the call was accepted. */
  readonly ageMs: number;
  readonly clock: Clock;
  carryOut(command: CallCommand): void;
  /** Runs the orchestrator's code and keeps what it throws. */
  guard(task: () => void): void;
  /** Something of the call's own threw; the call ends. Must not throw. */
  bug(error: unknown): void;
}

/**
 * Drives the pure core: feeds it one event after another, has its commands carried out, and keeps its one
 * timer. What the orchestrator is to be told waits until all commands are done, so that what it does at once
 * (begin a reply) meets a call that is in order.
 *
 * Nothing that a call does may reach another call or the process: whatever is thrown in here ends this call.
 */
export class CoreRunner {
  readonly #options: RunnerOptions;
  readonly #events: CallEvent[] = [];
  readonly #tells: (() => void)[] = [];
  readonly #onDeadline = (): void => this.dispatch({ type: 'tick' });
  #state: CallState;
  #busy = false;
  #telling = false;
  #deadline: Timer | undefined;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#state = newCall(options.limits, options.rules, options.clock.nowMs(), options.ageMs);
  }

  get state(): CallState {
    return this.#state;
  }

  /** Never throws. May be called from anywhere, from within a command as well: events are taken one after another. */
  dispatch(event: CallEvent): void {
    this.#events.push(event);
    if (this.#busy) return;
    this.#busy = true;
    for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
      for (const command of this.#step(next)) this.#carryOut(command);
    }
    this.#busy = false;
    this.schedule();
    this.#tellAll();
  }

  /** Tells the orchestrator something once the commands at hand are done. */
  tell(task: () => void): void {
    this.#tells.push(task);
  }

  /** Runs code of the call's own that a timer or someone outside has called. Never throws. */
  run(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.#bug(error);
    }
  }

  /** Sets the timer to the deadline of the present phase. */
  schedule(): void {
    this.#deadline?.cancel();
    this.#deadline = undefined;
    if (this.#state.phase !== 'ended') this.#deadline = this.#options.clock.at(this.#state.deadlineMs, this.#onDeadline);
  }

  #step(event: CallEvent): readonly CallCommand[] {
    try {
      const { state, commands } = step(this.#state, event, this.#options.clock.nowMs());
      this.#state = state;
      return commands;
    } catch (error) {
      this.#options.bug(error);
      // The core cannot be asked how to end a call that it failed in.
      if (this.#state.phase === 'ended') return [];
      this.#state = { ...this.#state, phase: 'ended', reply: undefined };
      return [{ type: 'close', end: 'failed' }];
    }
  }

  #carryOut(command: CallCommand): void {
    try {
      this.#options.carryOut(command);
    } catch (error) {
      this.#bug(error);
    }
  }

  #bug(error: unknown): void {
    this.#options.bug(error);
    this.dispatch({ type: 'failed', error: asNodeError(error, 'internal') });
  }

  #tellAll(): void {
    if (this.#telling) return;
    this.#telling = true;
    let told = 0;
    for (let tell = this.#tells.shift(); tell !== undefined; tell = this.#tells.shift()) {
      this.#options.guard(tell);
      if (++told === MAX_TELLS_AT_ONCE) {
        const message = 'expected an orchestrator that comes to rest, got one that answers everything it is told with a new reply';
        this.dispatch({ type: 'failed', error: new VoiceNodeError('answer_failed', message) });
      }
    }
    this.#telling = false;
  }
}
