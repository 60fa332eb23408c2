import { fork, type ChildProcess } from 'node:child_process';
import type { Clock, Timer } from '../domain/clock.js';
import { messageOf, VoiceNodeError } from '../domain/errors.js';
import type { CallEnd, Log } from '../domain/observer.js';
import { monotonicMs } from '../domain/time.js';
import { readFromShard, readToShard, type FromShard, type ToShard } from './shard-messages.js';
import type { CallRequest, Shard, ShardListener } from './shard.js';

/** Silence is counted in steps of this that main itself has lived through: while main stands still none is counted. */
const STEP_MS = 1000;
/** A child that has told nothing for this many steps stands still; vitals come twice a second. */
const SILENT_STEPS = 10;
/** Models are loaded within this many steps. */
const START_STEPS = 30;
const METRICS_LIMIT_MS = 1000;
/** The lines of its calls are closed before a child ends in order. */
const STOP_LIMIT_MS = 15_000;
/** A killed process is gone after this time, or will never run again. */
const KILL_LIMIT_MS = 2000;
/** Between the exit of a process and the last word in its channel, and the other way round. */
const PARTING_LIMIT_MS = 1000;

/** Starts the process of the shard of this name, with a channel. May throw. */
export type Spawn = (name: string) => ChildProcess;

/** Forks a script of ours with this environment; what it writes goes where ours goes. */
export const forkScript = (file: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess =>
  fork(file, [...args], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env });

export interface ChildShardOptions {
  readonly name: string;
  readonly spawn: Spawn;
  readonly clock: Clock;
  readonly log: Log;
}

interface Question {
  readonly id: number;
  readonly answer: Promise<readonly unknown[]>;
  readonly resolve: (metrics: readonly unknown[]) => void;
  readonly reject: (error: VoiceNodeError) => void;
}

/** Main's side of a shard: a process of its own, watched. */
export class ChildShard implements Shard {
  readonly name: string;
  readonly #options: ChildShardOptions;
  readonly #listener: ShardListener;
  readonly #log: Log;
  readonly #child: ChildProcess | undefined;
  /** Begun, and not ended. */
  readonly #calls = new Set<string>();
  readonly #stopped: Promise<void>;
  #resolveStopped!: () => void;
  #watch: Timer | undefined;
  #parting: Timer | undefined;
  #silentSteps = 0;
  #ready = false;
  #stopping = false;
  #over = false;
  /** Why it died, where that is known before the process is gone. */
  #reason: string | undefined;
  #lastProblem = '';
  #questions = 0;
  #question: Question | undefined;

  constructor(options: ChildShardOptions, listener: ShardListener) {
    this.name = options.name;
    this.#options = options;
    this.#listener = listener;
    this.#log = options.log.child({ shard: options.name });
    this.#stopped = new Promise((resolve) => (this.#resolveStopped = resolve));
    try {
      this.#child = options.spawn(options.name);
    } catch (error) {
      // Told like any other death: not before whoever makes the shard has it in his hands.
      this.#reason = `it could not be started: ${messageOf(error)}`;
      this.#parting = this.#in(0, () => this.#die());
      return;
    }
    this.#observe(this.#child);
    this.#step();
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  begin(request: CallRequest): void {
    if (this.#over) return;
    this.#calls.add(request.callId);
    // As the other side will read it: a call that it would drop without a word must not be waited for.
    const read = readToShard({ type: 'begin', request });
    if ('message' in read) return this.#send(read.message);
    this.#log.error({ callId: request.callId, room: request.room, problem: read.wrong }, 'a call could not be begun');
    this.#in(0, () => this.#guard(() => this.#take({ type: 'ended', callId: request.callId, end: 'failed' })));
  }

  hangUp(callId: string, end: CallEnd): void {
    this.#send({ type: 'hang_up', callId, end });
  }

  sayGoodbye(callId: string): void {
    this.#send({ type: 'say_goodbye', callId });
  }

  metrics(): Promise<readonly unknown[]> {
    if (this.#over || !this.#ready) return Promise.reject(this.#failed('is not up'));
    // Who asks while another waits gets the same answer: a child that stands still is asked once.
    return (this.#question ??= this.#ask()).answer;
  }

  stop(): Promise<void> {
    if (this.#stopping || this.#over) return this.#stopped;
    this.#stopping = true;
    this.#reason ??= 'stopped';
    this.#watch?.cancel();
    this.#send({ type: 'stop' });
    this.#watch = this.#in(STOP_LIMIT_MS, () => this.#end(`it did not stop within ${STOP_LIMIT_MS} ms`));
    return this.#stopped;
  }

  kill(): void {
    this.#end('killed');
  }

  #observe(child: ChildProcess): void {
    child.on('message', (raw) => this.#onMessage(raw));
    child.on('error', (error) => {
      // Either it was never started, or something could not be sent; the second shows elsewhere as well.
      if (child.pid !== undefined) return this.#log.warn({ error: error.message }, 'trouble with the process of a shard');
      this.#reason ??= `it could not be started: ${error.message}`;
      this.#die();
    });
    child.on('exit', (code, signal) => {
      this.#reason ??= signal === null ? `exit code ${code}` : `signal ${signal}`;
      // What it said last may still be in the channel: `close` comes after that.
      this.#part(() => this.#die());
    });
    child.on('close', () => this.#die());
    child.on('disconnect', () => {
      if (this.#over || child.exitCode !== null || child.signalCode !== null) return;
      // It cannot be told anything any more.
      this.#part(() => this.#end('its channel closed'));
    });
  }

  #onMessage(raw: unknown): void {
    if (this.#over) return;
    // Whatever it says: it is alive.
    this.#silentSteps = 0;
    const read = readFromShard(raw);
    if ('message' in read) return this.#guard(() => this.#take(read.message));
    // Once: what comes twice a second would fill the log.
    if (read.wrong !== this.#lastProblem) this.#log.error({ problem: read.wrong }, 'a message of a shard was not understood');
    this.#lastProblem = read.wrong;
  }

  /** What one message does to a listener must not end the calls of all others. */
  #guard(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.#log.error({ error: error instanceof Error ? error.stack : messageOf(error) }, 'a bug in what listens to a shard');
    }
  }

  #take(message: FromShard): void {
    switch (message.type) {
      case 'ready':
        if (this.#ready) return;
        this.#ready = true;
        return this.#listener.ready();
      case 'vitals':
        return this.#listener.vitals(message.vitals);
      case 'said':
        if (this.#knows(message.callId)) this.#listener.said(message.callId, message.said);
        return;
      case 'identity':
        if (this.#knows(message.callId)) this.#listener.identity(message.callId, message.identity);
        return;
      case 'ended':
        if (!this.#knows(message.callId)) return;
        this.#calls.delete(message.callId);
        return this.#listener.ended(message.callId, message.end);
      case 'metrics':
        return this.#answered(message.id, (question) => question.resolve(message.metrics));
      case 'metrics_failed':
        return this.#answered(message.id, (question) => question.reject(this.#failed(`could not tell its metrics: ${message.error}`)));
    }
  }

  #knows(callId: string): boolean {
    const known = this.#calls.has(callId);
    if (!known) this.#log.error({ callId }, 'a shard told of a call that it does not have');
    return known;
  }

  /** One step of the watch. Begun anew only when it is over, so a main process that stood still has lived through one at most. */
  #step(): void {
    this.#watch = this.#in(STEP_MS, () => {
      this.#silentSteps++;
      const limit = this.#ready ? SILENT_STEPS : START_STEPS;
      if (this.#silentSteps < limit) return this.#step();
      const seconds = (limit * STEP_MS) / 1000;
      this.#end(this.#ready ? `no sign of life for ${seconds} s` : `not ready within ${seconds} s`);
    });
  }

  #ask(): Question {
    const id = this.#questions++;
    let resolve!: Question['resolve'];
    let reject!: Question['reject'];
    const answer = new Promise<readonly unknown[]>((...both) => ([resolve, reject] = both));
    const deadline = this.#in(METRICS_LIMIT_MS, () => this.#answered(id, (question) => question.reject(this.#failed(`told no metrics within ${METRICS_LIMIT_MS} ms`))));
    // Somebody listens, even where nobody waits.
    answer.catch(() => undefined).finally(() => deadline.cancel());
    this.#send({ type: 'metrics', id });
    return { id, answer, resolve, reject };
  }

  #answered(id: number, settle: (question: Question) => void): void {
    const question = this.#question;
    // An answer that comes after its deadline.
    if (question?.id !== id) return;
    this.#question = undefined;
    settle(question);
  }

  #send(message: ToShard): void {
    if (this.#over || this.#child?.connected !== true) return;
    this.#child.send(message, (error) => {
      if (error !== null && !this.#over) this.#log.warn({ type: message.type, error: error.message }, 'a shard could not be told');
    });
  }

  /** By force. Its death is told when it is gone. */
  #end(reason: string): void {
    if (this.#over || this.#child === undefined) return;
    if (this.#reason === undefined || this.#stopping) this.#reason = reason;
    this.#watch?.cancel();
    this.#child.kill('SIGKILL');
    this.#watch = this.#in(KILL_LIMIT_MS, () => this.#die());
  }

  #part(then: () => void): void {
    this.#parting?.cancel();
    this.#parting = this.#in(PARTING_LIMIT_MS, then);
  }

  #die(): void {
    if (this.#over) return;
    this.#over = true;
    this.#watch?.cancel();
    this.#parting?.cancel();
    const question = this.#question;
    this.#question = undefined;
    question?.reject(this.#failed('is gone'));
    this.#calls.clear();
    this.#guard(() => this.#listener.died(this.#reason ?? 'unknown'));
    this.#resolveStopped();
  }

  #in(delayMs: number, task: () => void): Timer {
    const { clock } = this.#options;
    return clock.at(monotonicMs(clock.nowMs() + delayMs), task);
  }

  #failed(what: string): VoiceNodeError {
    return new VoiceNodeError('shard_failed', `shard ${this.name} ${what}`);
  }
}
