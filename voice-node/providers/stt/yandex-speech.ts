import type { Clock, Timer } from '../../domain/clock.js';
import type { SpeechFeed } from '../../domain/stt.js';
import { monotonicMs, samplesIn } from '../../domain/time.js';
import type { Sink } from '../grpc/link.js';
import type { RecognizeRequest } from '../grpc/speechkit-stt.js';
import { until } from '../net/until.js';

/** The service wants pieces of about the length of time between them; each costs a message. */
const CHUNK_MS = 100;
/** A session that hears nothing for 5 s is closed (SpeechKit docs, "Streaming recognition restrictions"). */
const QUIET_MS = 2000;

/** Sends one utterance as it is spoken, and silence where the caller's side sends nothing at all. */
export class SpeechSender {
  readonly #speech: SpeechFeed;
  readonly #clock: Clock;
  readonly #sink: Sink<RecognizeRequest>;
  readonly #chunk: Int16Array;
  #filled = 0;
  #timer: Timer | undefined;
  #sentMs = 0;
  #isComplete = false;

  constructor(speech: SpeechFeed, clock: Clock, sink: Sink<RecognizeRequest>) {
    this.#speech = speech;
    this.#clock = clock;
    this.#sink = sink;
    this.#chunk = new Int16Array(samplesIn(CHUNK_MS, speech.rateHz));
  }

  /** How much audio has gone out, silence included. */
  get sentMs(): number {
    return this.#sentMs;
  }

  /** Whether the server has been told that the utterance is over. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Resolves when all has been handed over, or the call is over. */
  async run(): Promise<void> {
    this.#watch();
    try {
      for await (const piece of until(this.#speech, this.#sink.over)) await this.#add(piece);
      if (this.#sink.over.aborted) return;
      await this.#flush();
      this.#isComplete = true;
      await this.#sink.write({ eou: {} });
      this.#sink.end();
    } finally {
      this.#timer?.cancel();
    }
  }

  async #add(piece: Int16Array): Promise<void> {
    for (let from = 0; from < piece.length; ) {
      const count = Math.min(piece.length - from, this.#chunk.length - this.#filled);
      this.#chunk.set(piece.subarray(from, from + count), this.#filled);
      this.#filled += count;
      from += count;
      if (this.#filled === this.#chunk.length) await this.#flush();
    }
  }

  /** The bytes are copied: the stream may keep them until the network takes them. Little-endian, as is every machine Node runs on. */
  async #flush(): Promise<void> {
    if (this.#filled === 0) return;
    const data = new Uint8Array(this.#chunk.slice(0, this.#filled).buffer);
    this.#sentMs += (this.#filled * 1000) / this.#speech.rateHz;
    this.#filled = 0;
    this.#watch();
    await this.#sink.write({ chunk: { data } });
  }

  #watch(): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.at(monotonicMs(this.#clock.nowMs() + QUIET_MS), () => this.#keepAlive());
  }

  #keepAlive(): void {
    if (this.#sink.over.aborted || this.#isComplete) return;
    if (this.#filled > 0) {
      void this.#flush();
      return;
    }
    this.#sentMs += QUIET_MS;
    void this.#sink.write({ silenceChunk: { durationMs: QUIET_MS } });
    this.#watch();
  }
}
