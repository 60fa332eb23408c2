import type { Said } from '../../../voice-node/domain/journal.js';
import type { VoiceNodeError } from '../../../voice-node/domain/errors.js';
import type { Conversation, ConversationHost, Heard, Orchestrator, Reply } from '../../../voice-node/domain/orchestrator.js';
import { mediaMs } from '../../../voice-node/domain/time.js';
import { SpokenText } from '../../../voice-node/call/spoken-text.js';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import { MemoryLog } from '../call/rig.js';

/** Audio that may wait to be played. */
const QUEUE_MS = 2000;

/** A reply whose audio is played at the pace of the clock. */
export class FakeReply implements Reply {
  readonly generation: number;
  readonly turn: number | undefined;
  readonly clock: VirtualClock;
  readonly log: { readonly atMs: number; readonly what: string }[];
  readonly audioMs: number[] = [];
  readonly pieces: Int16Array[] = [];
  readonly words = new SpokenText();
  failure: VoiceNodeError | undefined;
  ended = false;
  /** When the first audio came. */
  firstAudioMs: number | undefined;
  #untilMs = 0;
  #handedMs = 0;
  readonly #controller = new AbortController();

  constructor(generation: number, turn: number | undefined, clock: VirtualClock, log: FakeReply['log']) {
    this.generation = generation;
    this.turn = turn;
    this.clock = clock;
    this.log = log;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }
  say(what: string): void {
    this.log.push({ atMs: this.clock.nowMs(), what });
  }
  understood(): void {
    this.say('understood');
  }
  chosen(): void {
    this.say('chosen');
  }
  text(delta: string): void {
    if (this.signal.aborted || this.ended) return;
    this.say(`text ${delta}`);
    this.words.say(delta);
  }
  async audio(samples: Int16Array, rateHz: number): Promise<boolean> {
    if (this.signal.aborted || this.ended) return false;
    const nowMs = this.clock.nowMs();
    this.firstAudioMs ??= nowMs;
    if (this.audioMs.length === 0) this.say('audio');
    const ms = (samples.length / rateHz) * 1000;
    this.audioMs.push(ms);
    this.pieces.push(samples.slice());
    this.words.audio(ms);
    this.#handedMs += ms;
    this.#untilMs = Math.max(this.#untilMs, nowMs) + ms;
    const roomMs = this.#untilMs - QUEUE_MS;
    if (roomMs > nowMs) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          timer.cancel();
          this.signal.removeEventListener('abort', done);
          resolve();
        };
        const timer = this.clock.at(roomMs as ReturnType<VirtualClock['nowMs']>, done);
        this.signal.addEventListener('abort', done);
      });
    }
    return !this.signal.aborted;
  }
  end(): void {
    if (this.ended || this.signal.aborted) return;
    this.ended = true;
    this.words.end();
    this.say('end');
  }
  fail(error: VoiceNodeError): void {
    if (this.signal.aborted) return;
    this.failure = error;
    this.say(`fail ${error.code}`);
  }
  /** What of it has been played by now. */
  get heardMs(): number {
    return Math.max(0, this.#handedMs - Math.max(0, this.#untilMs - this.clock.nowMs()));
  }
  get isPlayed(): boolean {
    return this.ended && this.clock.nowMs() >= this.#untilMs;
  }
  stop(): void {
    this.#controller.abort();
  }
}

/** The call as a conversation sees it, without a call. */
export class FakeHost implements ConversationHost {
  readonly callId = 'call-1';
  readonly rateHz = 8000;
  readonly clock: VirtualClock;
  readonly past: readonly Said[] | undefined;
  readonly log = new MemoryLog();
  readonly said: FakeReply['log'] = [];
  readonly replies: FakeReply[] = [];
  conversation: Conversation | undefined;
  endCalls = 0;
  readonly #controller = new AbortController();
  #turn = 0;

  constructor(clock = new VirtualClock(), past?: readonly Said[]) {
    this.past = past;
    this.clock = clock;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }
  get reply(): FakeReply {
    const reply = this.replies.at(-1);
    if (reply === undefined) throw new Error('expected a reply, got none');
    return reply;
  }
  /** What happened, without times. */
  get whats(): string[] {
    return this.said.map(({ what }) => what);
  }
  atMs(what: string): number {
    const entry = this.said.find((one) => one.what === what);
    if (entry === undefined) throw new Error(`expected ${what}, got ${this.whats.join(', ')}`);
    return entry.atMs;
  }

  beginReply(turn?: number): FakeReply {
    const reply = new FakeReply(this.replies.length + 1, turn, this.clock, this.said);
    this.replies.push(reply);
    reply.say(`begin ${turn}`);
    return reply;
  }
  transcript(turn: number, text: string, final: boolean): void {
    this.said.push({ atMs: this.clock.nowMs(), what: `${final ? 'final' : 'partial'} ${turn} ${text}` });
  }
  endCall(): void {
    this.endCalls++;
    this.said.push({ atMs: this.clock.nowMs(), what: 'end call' });
  }

  open(orchestrator: Orchestrator): this {
    this.conversation = orchestrator.open(this);
    return this;
  }
  async wait(ms: number): Promise<void> {
    const toMs = this.clock.nowMs() + ms;
    await this.clock.advanceTo(this.clock.nowMs());
    while (this.clock.nowMs() < toMs) {
      await this.clock.advanceTo(Math.min(toMs, this.clock.nowMs() + 20));
      const playing = this.replies.at(-1);
      if (playing?.isPlayed === true && !this.#told.has(playing)) this.#tell(playing, true);
    }
  }
  /** Speech (a tone) or silence of the caller. */
  async hear(ms: number, amplitude: number): Promise<void> {
    const frame = new Int16Array(160).map((_, i) => Math.round(amplitude * Math.sin(i)));
    for (let done = 0; done < ms; done += 20) {
      await this.wait(20);
      this.conversation?.hear?.(frame);
    }
  }
  /** t1. What is being said is cut off. */
  start(): number {
    this.interrupt();
    this.conversation?.speechStarted?.(++this.#turn);
    return this.#turn;
  }
  /** t2. */
  end(samples = 4000): void {
    this.conversation?.speechEnded(this.#turn, { samples: new Int16Array(samples).fill(5), rateHz: 8000, startMs: mediaMs(0, 8000), preRollMs: 400 });
  }
  drop(): void {
    this.conversation?.speechDropped?.(this.#turn);
  }
  /** A whole turn: 400 ms of speech, 500 of silence. */
  async turn(): Promise<number> {
    const turn = this.start();
    await this.hear(400, 8000);
    await this.hear(500, 0);
    this.end();
    await this.clock.advanceTo(this.clock.nowMs());
    return turn;
  }
  /** The reply under way is stopped, where there is one. */
  interrupt(): void {
    const playing = this.replies.at(-1);
    if (playing === undefined || this.#told.has(playing)) return;
    playing.stop();
    this.#tell(playing, false);
  }
  hangUp(): void {
    this.replies.at(-1)?.stop();
    this.#controller.abort();
    this.conversation?.close();
  }

  readonly #told = new Set<FakeReply>();
  #tell(reply: FakeReply, complete: boolean): void {
    this.#told.add(reply);
    const { generation, turn, heardMs, words } = reply;
    words.advance(heardMs);
    const heard: Heard = { generation, turn, heardMs, text: complete ? words.whole : words.heard, complete };
    if (complete) this.conversation?.playbackFinished?.(heard);
    else this.conversation?.stopPlayback(heard);
  }
}
