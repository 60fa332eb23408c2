import type { Clock, Timer } from '../../domain/clock.js';
import { messageOf } from '../../domain/errors.js';
import type { Log } from '../../domain/observer.js';
import { monotonicMs } from '../../domain/time.js';
import { bounded } from './bounded.js';

/** How often it looks, at most, and how long the caller has to be silent before it asks at all. */
const CHECK_MS = 3000;
const CHECKS_PER_LIMIT = 5;

export interface MediaSource {
  /** Whether anything has to come: somebody is there, and his microphone is open. */
  expected(): boolean;
  /** Audio packets received so far, over all tracks that are read. */
  packets(): Promise<number>;
}

/**
 * Notices that nothing comes from a caller who is still in the room: his process hangs, his network is gone and the
 * server does not know yet.
 *
 * A count of frames proves nothing: libwebrtc delivers 50 a second whatever arrives, digital silence where nothing
 * does. So packets are counted; and because asking costs a round through native code, only while the caller is
 * digitally silent. Silence sent with DTX is a packet every 400 ms, and counts as media.
 */
export class MediaWatch {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #source: MediaSource;
  readonly #limitMs: number;
  readonly #checkMs: number;
  readonly #onNone: (quietMs: number) => void;
  #timer: Timer | undefined;
  #sounded = true;
  #lastCheckMs: number;
  /** What was seen of the silence; a stall of this process adds little to it. */
  #quietMs = 0;
  #packets: number | undefined;
  readonly #closing = new AbortController();

  /** `onNone` is called at most once, when nothing has come for `limitMs`. */
  constructor(clock: Clock, log: Log, source: MediaSource, limitMs: number, onNone: (quietMs: number) => void) {
    this.#clock = clock;
    this.#log = log;
    this.#source = source;
    this.#limitMs = limitMs;
    this.#checkMs = Math.min(CHECK_MS, limitMs / CHECKS_PER_LIMIT);
    this.#onNone = onNone;
    this.#lastCheckMs = clock.nowMs();
    this.#later();
  }

  /** A frame was delivered. */
  frame(samples: Int16Array): void {
    if (this.#sounded) return;
    for (let i = 0; i < samples.length; i++) {
      if (samples[i] === 0) continue;
      this.#sounded = true;
      return;
    }
  }

  close(): void {
    this.#closing.abort();
    this.#timer?.cancel();
  }

  #later(): void {
    if (this.#closing.signal.aborted) return;
    this.#timer = this.#clock.at(monotonicMs(this.#clock.nowMs() + this.#checkMs), () => void this.#check());
  }

  async #check(): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const passedMs = Math.min(nowMs - this.#lastCheckMs, 2 * this.#checkMs);
    this.#lastCheckMs = nowMs;
    if (this.#sounded || !this.#source.expected()) {
      this.#sounded = false;
      this.#quietMs = 0;
      this.#packets = undefined;
    } else {
      this.#quietMs += passedMs;
      if (await this.#came()) this.#quietMs = 0;
    }
    if (this.#closing.signal.aborted) return;
    if (this.#quietMs < this.#limitMs) this.#later();
    else this.#onNone(this.#quietMs);
  }

  /** Whether packets have come since it was last asked. No answer is no proof of any. */
  async #came(): Promise<boolean> {
    const { signal } = this.#closing;
    const bounds = { clock: this.#clock, signal, limitMs: this.#checkMs, code: 'transport_timeout', what: 'asking for the statistics' } as const;
    try {
      const packets = await bounded(bounds, this.#source.packets());
      const before = this.#packets;
      this.#packets = packets;
      return before !== undefined && packets > before;
    } catch (error) {
      if (!signal.aborted) this.#log.debug({ error: messageOf(error) }, 'it is not known whether anything comes from the caller');
      return false;
    }
  }
}
