import { fork, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock, Timer } from '../../domain/clock.js';
import { VoiceNodeError } from '../../domain/errors.js';
import { monotonicMs } from '../../domain/time.js';
import type { TurnModel } from '../../domain/turn-model.js';
import type { Answer, Question, Setup } from './onnx-messages.js';

export interface OnnxTurnModelOptions {
  /** The .onnx file, such as smart-turn v3's. */
  readonly file: string;
  readonly clock: Clock;
  /** After this nobody waits for an answer any more, in ms. Default 150. */
  readonly deadlineMs?: number;
  /** Questions of all calls that wait while one is answered; a further one goes without. Default 8. */
  readonly maxWaiting?: number;
  /** Threads of the runtime. Default 1. */
  readonly threads?: number;
  /** The package that runs the file. Default onnxruntime-node. */
  readonly engine?: string;
  /** Told once for each failure, for the log; the answer is undefined then. */
  readonly onFailure?: (error: VoiceNodeError) => void;
  /** The process's program and how node is to start it. Default: onnx-process beside this file. */
  readonly program?: { readonly url?: URL; readonly execArgv?: readonly string[] };
}

const ENGINE = 'onnxruntime-node';
const START_MS = 30_000;
/** A process that has not answered for this long never will. */
const STUCK_MS = 5000;
/** One that died is started anew, but not more often than this. */
const RESTART_MS = 30_000;

/** What is longer than any model listens to. */
const LONGEST_MS = 8000;

interface Asked {
  readonly samples: Int16Array;
  readonly rateHz: number;
  /** Idempotent. */
  settle(probability: number | undefined): void;
}

/**
 * Runs an end-of-turn model from a file in a process of its own. Resolves when it has answered a first question. Throws
 * `turn_model_failed` where the file or the package that runs it is missing, or the model is of another kind.
 */
export async function openTurnModel(options: OnnxTurnModelOptions): Promise<TurnModel> {
  if (!existsSync(options.file)) throw new VoiceNodeError('turn_model_failed', `turn model: expected an .onnx file at ${options.file}, found none`);
  const model = new OnnxTurnModel(options);
  try {
    await model.start();
  } catch (error) {
    model.close();
    throw error;
  }
  return model;
}

class OnnxTurnModel implements TurnModel {
  readonly name: string;
  readonly #options: OnnxTurnModelOptions;
  readonly #waiting: Asked[] = [];
  #process: ChildProcess | undefined;
  #isReady = false;
  #isClosed = false;
  #asked: Asked | undefined;
  #id = 0;
  #stuck: Timer | undefined;
  #startedMs = -Infinity;

  constructor(options: OnnxTurnModelOptions) {
    this.#options = options;
    this.name = basename(options.file);
  }

  predict(samples: Int16Array, rateHz: number, signal: AbortSignal): Promise<number | undefined> {
    const { clock, deadlineMs = 150, maxWaiting = 8 } = this.#options;
    if (this.#isClosed || signal.aborted || samples.length === 0) return Promise.resolve(undefined);
    if (this.#process === undefined) this.#restart();
    if (!this.#isReady || this.#waiting.length >= maxWaiting) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const settle = (probability: number | undefined): void => {
        timer.cancel();
        signal.removeEventListener('abort', give);
        const at = this.#waiting.indexOf(asked);
        if (at >= 0) this.#waiting.splice(at, 1);
        resolve(probability);
      };
      const give = (): void => settle(undefined);
      const asked: Asked = { samples, rateHz, settle };
      const timer = clock.at(monotonicMs(clock.nowMs() + deadlineMs), give);
      signal.addEventListener('abort', give);
      this.#waiting.push(asked);
      this.#next();
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#end();
  }

  /** Starts the process; rejects with `turn_model_failed`. */
  start(): Promise<void> {
    const { file, clock, engine = ENGINE, threads = 1, program = {} } = this.#options;
    const url = program.url ?? new URL(import.meta.url.endsWith('.ts') ? './onnx-process.ts' : './onnx-process.js', import.meta.url);
    const setup: Setup = { file, engine, threads };
    this.#startedMs = clock.nowMs();
    const child = fork(fileURLToPath(url), [JSON.stringify(setup)], { execArgv: [...(program.execArgv ?? [])], serialization: 'advanced', stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    // The node may end whether or not somebody closes its models.
    child.unref();
    child.channel?.unref();
    this.#process = child;
    return new Promise((resolve, reject) => {
      const fail = (reason: string): void => {
        timer.cancel();
        const error = new VoiceNodeError('turn_model_failed', `turn model ${this.name}: ${reason}`);
        if (this.#process === child) this.#end();
        reject(error);
      };
      const timer = clock.at(monotonicMs(clock.nowMs() + START_MS), () => fail(`expected it to be ready within ${START_MS} ms`));
      child.on('message', (answer: Answer) => {
        if (this.#process !== child) return;
        if (answer.type === 'failed') return fail(answer.reason);
        if (answer.type === 'answer') return this.#onAnswer(answer);
        timer.cancel();
        this.#isReady = true;
        resolve();
      });
      const onEnd = (reason: string): void => {
        if (this.#isReady && this.#process === child) {
          this.#end();
          this.#tell(reason);
        } else fail(reason);
      };
      child.on('error', (error) => onEnd(`its process failed: ${error.message}`));
      child.on('exit', (code, signal) => onEnd(`its process ended (${signal ?? `code ${code ?? 'unknown'}`})`));
    });
  }

  #restart(): void {
    if (this.#options.clock.nowMs() - this.#startedMs < RESTART_MS) return;
    this.start().catch((error: unknown) => {
      if (!this.#isClosed && error instanceof VoiceNodeError) this.#options.onFailure?.(error);
    });
  }

  /** Hands the process the next question, one at a time: whoever gives up while he waits costs nothing. */
  #next(): void {
    const asked = this.#process === undefined || this.#asked !== undefined ? undefined : this.#waiting.shift();
    if (asked === undefined) return;
    this.#asked = asked;
    const { clock } = this.#options;
    this.#stuck = clock.at(monotonicMs(clock.nowMs() + STUCK_MS), () => {
      this.#end();
      this.#tell(`expected an answer within ${STUCK_MS} ms`);
    });
    const question: Question = { id: ++this.#id, samples: asked.samples.subarray(-Math.floor((LONGEST_MS * asked.rateHz) / 1000)), rateHz: asked.rateHz };
    // A process that is gone is told of by its end.
    this.#process?.send(question, () => undefined);
  }

  #onAnswer({ id, probability, reason }: Extract<Answer, { type: 'answer' }>): void {
    if (id !== this.#id) return;
    this.#stuck?.cancel();
    const asked = this.#asked;
    this.#asked = undefined;
    asked?.settle(probability);
    if (reason !== undefined) this.#tell(reason);
    this.#next();
  }

  /** Ends the process; nobody waits any longer. */
  #end(): void {
    const child = this.#process;
    this.#process = undefined;
    this.#isReady = false;
    this.#stuck?.cancel();
    this.#asked?.settle(undefined);
    this.#asked = undefined;
    for (const asked of [...this.#waiting]) asked.settle(undefined);
    child?.kill('SIGKILL');
  }

  #tell(reason: string): void {
    if (!this.#isClosed) this.#options.onFailure?.(new VoiceNodeError('turn_model_failed', `turn model ${this.name}: ${reason}`));
  }
}
