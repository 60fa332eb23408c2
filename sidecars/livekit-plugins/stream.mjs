import { overflow, toFault } from './faults.mjs';

/** Results that may be on their way to the node; it asks for more as they are taken. */
const WINDOW = 64;
/** What may wait here for the node. */
const MAX_WAITING = 50_000;
const MAX_WAITING_MS = 600_000;
/** A plugin tells of an error before it ends its stream; where it does not end it, we do. */
const ENDS_WITHIN_MS = 1000;
/** What the node may send ahead of the plugin: pieces of audio or text. */
const MAX_INPUT = 50_000;

/** One request of the node: what comes in, what goes out, and its end. */
export class Stream {
  object;
  #id;
  #send;
  #onGone;
  #abort = new AbortController();
  #input = [];
  #inputEnded = false;
  #wakeInput = () => {};
  #output = [];
  #outputMs = 0;
  #credit = WINDOW;
  #last;
  #fault;

  /** `send` takes a message to the node, `onGone` is called once when nothing more comes of this stream. */
  constructor(id, send, onGone) {
    this.#id = id;
    this.#send = send;
    this.#onGone = onGone;
  }

  /** Aborted: the request is over, in whatever way. */
  get signal() {
    return this.#abort.signal;
  }

  // --- the node's side

  push(item) {
    if (this.#inputEnded || this.signal.aborted) return;
    if (this.#input.length >= MAX_INPUT) return this.fail(overflow('input'));
    this.#input.push(item);
    this.#wakeInput();
  }

  finish() {
    this.#inputEnded = true;
    this.#wakeInput();
  }

  acknowledge(count) {
    this.#credit += count;
    this.#pump();
  }

  /** The node wants nothing more. */
  drop() {
    this.#output.length = 0;
    this.#last = undefined;
    this.#stop();
    this.#onGone();
  }

  // --- the plugin's side

  /** What the node pushes; ends when it has finished, or when the request is over. */
  async *input() {
    while (!this.signal.aborted) {
      if (this.#input.length > 0) yield this.#input.shift();
      else if (this.#inputEnded) return;
      else await new Promise((resolve) => (this.#wakeInput = resolve));
    }
  }

  opened(rateHz) {
    if (!this.signal.aborted) this.#send({ t: 'opened', id: this.#id, ...(rateHz > 0 ? { rateHz } : {}) });
  }

  /** `lengthMs`: how long it sounds. */
  put(item, lengthMs = 0) {
    if (this.#last !== undefined || this.signal.aborted) return;
    this.#output.push({ item, lengthMs });
    this.#outputMs += lengthMs;
    if (this.#output.length > MAX_WAITING || this.#outputMs > MAX_WAITING_MS) {
      this.#output.length = 0;
      return this.fail(overflow('output'));
    }
    this.#pump();
  }

  end() {
    if (this.#fault !== undefined) this.fail(this.#fault);
    else this.#close({ t: 'end', id: this.#id });
  }

  /** The plugin has told of an error. What it made before is still on its way through the plugin's own queues. */
  troubled(fault) {
    this.#fault ??= fault;
    const timer = setTimeout(() => this.fail(fault), ENDS_WITHIN_MS);
    this.onStop(() => clearTimeout(timer));
  }

  /** What was put before is delivered first. */
  fail(error) {
    this.#close({ t: 'error', id: this.#id, fault: this.#fault ?? (error.kind === undefined ? toFault(error) : error) });
  }

  /** Runs `task` once when the request is over. */
  onStop(task) {
    if (this.signal.aborted) task();
    else this.signal.addEventListener('abort', task, { once: true });
  }

  #close(last) {
    if (this.#last !== undefined || this.signal.aborted) return;
    this.#last = last;
    this.#stop();
    this.#pump();
  }

  #stop() {
    this.#abort.abort();
    this.#input.length = 0;
    this.#wakeInput();
  }

  #pump() {
    while (this.#credit > 0 && this.#output.length > 0) {
      const { item, lengthMs } = this.#output.shift();
      this.#outputMs -= lengthMs;
      this.#credit--;
      this.#send({ t: 'item', id: this.#id, item });
    }
    if (this.#output.length > 0 || this.#last === undefined) return;
    this.#send(this.#last);
    this.#last = undefined;
    this.#onGone();
  }
}
