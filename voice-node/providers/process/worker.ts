import type { Clock, Timer } from '../../domain/clock.js';
import { ProviderError, type Vendor } from '../../domain/provider.js';
import { monotonicMs } from '../../domain/time.js';
import { Lines } from './lines.js';
import { RunningProgram, type Program } from './program.js';

/**
 * What goes to a worker: one byte of kind, four of length (little-endian), then the payload.
 * `S` begins an utterance (JSON), `A` is audio (int16, little-endian), `E` its end, `X`: nobody wants it any more.
 */
export type FrameKind = 'S' | 'A' | 'E' | 'X';

/**
 * What comes from a worker, as JSON lines: `hello` once it can work, `partial` and `final` with `text`, `dropped`
 * as the answer to each `X`, `failed` with a `message` where it cannot go on with this utterance.
 */
export interface WorkerMessage {
  readonly type: 'hello' | 'partial' | 'final' | 'dropped' | 'failed';
  readonly text: string;
}

export interface WorkerListener {
  message(message: WorkerMessage): void;
  /** It is gone; nothing more comes. */
  lost(error: ProviderError): void;
}

const HEADER_BYTES = 5;
const MAX_LINE_BYTES = 65_536;
/** A worker that was told to drop its utterance and does not say that it has is stuck. */
const DROP_LIMIT_MS = 5000;
const TYPES = new Set<string>(['hello', 'partial', 'final', 'dropped', 'failed']);

/** A side process that writes down one utterance after the other. */
export class Worker {
  readonly #clock: Clock;
  readonly #program: RunningProgram;
  readonly #changed: () => void;
  #listener: WorkerListener | undefined;
  #error: ProviderError | undefined;
  #saidHello = false;
  #drops = 0;
  #dropTimer: Timer | undefined;
  #spoke = false;
  #isReserved = false;

  /** `changed` is called when the worker has become free, or is lost. */
  constructor(vendor: Vendor, program: Program, clock: Clock, changed: () => void) {
    this.#clock = clock;
    this.#changed = changed;
    this.#program = new RunningProgram(vendor, program);
    const lines = new Lines(
      MAX_LINE_BYTES,
      (line) => this.#onLine(line),
      () => this.#fail('a line of at most 65536 bytes, got a longer one'),
    );
    this.#program.child.stdout.on('data', (bytes: Buffer) => lines.push(bytes));
    void this.#program.ended.then(() => this.#lose(this.#program.error(this.#spoke ? 'provider_broken' : 'provider_unreachable', 'a process that goes on')));
  }

  /** Whether it can take an utterance now. A worker that is still loading can: what it is sent waits in the pipe. */
  get isFree(): boolean {
    return this.#error === undefined && this.#listener === undefined && this.#drops === 0 && !this.#isReserved;
  }

  /** Whether it is still busy with something that nobody wants any more. */
  get isDropping(): boolean {
    return this.#error === undefined && this.#drops > 0;
  }

  get isLost(): boolean {
    return this.#error !== undefined;
  }

  get pid(): number | undefined {
    return this.#program.child.pid;
  }

  /** Keeps it for somebody who will begin in a moment. */
  reserve(): void {
    this.#isReserved = true;
  }

  /** Begins an utterance; `hello` is told at once where it was said before. */
  begin(listener: WorkerListener): void {
    this.#isReserved = false;
    if (this.#error !== undefined) return listener.lost(this.#error);
    this.#listener = listener;
    this.#spoke = false;
    if (this.#saidHello) listener.message({ type: 'hello', text: '' });
  }

  /** Hands over a frame. False: the worker is behind, and `drained` says when it has caught up. */
  send(kind: FrameKind, payload: Uint8Array = new Uint8Array(0)): boolean {
    const { stdin } = this.#program.child;
    if (this.isLost || !stdin.writable) return true;
    const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
    frame.writeUInt8(kind.charCodeAt(0), 0);
    frame.writeUInt32LE(payload.length, 1);
    frame.set(payload, HEADER_BYTES);
    return stdin.write(frame);
  }

  /** Resolves when there is room again, when the worker is lost, or when `signal` aborts. */
  drained(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const { stdin } = this.#program.child;
      const done = (): void => {
        stdin.off('drain', done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      stdin.on('drain', done);
      signal.addEventListener('abort', done);
      void this.#program.ended.then(done);
      if (!stdin.writableNeedDrain || signal.aborted) done();
    });
  }

  /** The utterance is complete: the worker is free. */
  finish(): void {
    this.#listener = undefined;
    this.#changed();
  }

  /** Nobody wants the utterance any more. The worker is free once it has said that it dropped it. */
  drop(): void {
    this.#listener = undefined;
    if (this.isLost) return;
    this.#drops++;
    this.send('X');
    this.#dropTimer ??= this.#clock.at(monotonicMs(this.#clock.nowMs() + DROP_LIMIT_MS), () => this.kill());
    this.#changed();
  }

  kill(): void {
    this.#program.kill();
    this.#lose(new ProviderError('provider_unavailable', `${this.#program.vendor}: expected its process, it was ended`));
  }

  #onLine(line: string): void {
    if (this.isLost) return;
    const message = parse(line);
    if (message === undefined) return this.#fail('a message as a line of JSON, got something else');
    if (message.type === 'hello') this.#saidHello = true;
    if (message.type === 'dropped') return this.#onDropped();
    if (this.#drops > 0) return;
    if (this.#listener === undefined) {
      if (message.type !== 'hello') this.#fail('silence between two utterances, got a message');
      return;
    }
    if (message.type !== 'hello') this.#spoke = true;
    this.#listener.message(message);
  }

  #onDropped(): void {
    if (this.#drops === 0) return this.#fail('no answer where nothing was dropped, got one');
    if (--this.#drops > 0) return;
    this.#dropTimer?.cancel();
    this.#dropTimer = undefined;
    this.#changed();
  }

  #fail(expected: string): void {
    this.#program.kill();
    this.#lose(new ProviderError('provider_protocol', `${this.#program.vendor}: expected ${expected} of its process`));
  }

  #lose(error: ProviderError): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#dropTimer?.cancel();
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.lost(error);
    this.#changed();
  }
}

function parse(line: string): WorkerMessage | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null || !('type' in value) || typeof value.type !== 'string' || !TYPES.has(value.type)) return undefined;
    const text = 'text' in value && typeof value.text === 'string' ? value.text : '';
    return { type: value.type as WorkerMessage['type'], text };
  } catch {
    return undefined;
  }
}
