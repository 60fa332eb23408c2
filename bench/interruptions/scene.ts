import { Call } from '../../voice-node/call/call.js';
import type { CallOptions } from '../../voice-node/call/options.js';
import type { CallerEvent } from '../../voice-node/domain/events.js';
import type { Meter } from '../../voice-node/domain/observer.js';
import type { Conversation, ConversationHost, Orchestrator } from '../../voice-node/domain/orchestrator.js';
import type { InterruptionDecision } from '../../voice-node/domain/speech.js';
import { monotonicMs } from '../../voice-node/domain/time.js';
import { createResampler } from '../../voice-node/dsp/resampler.js';
import { confirmOptions } from '../../voice-node/hearing/interruption.js';
import { turnOptions } from '../../voice-node/hearing/turns.js';
import { DEFAULT_WORDS } from '../../voice-node/hearing/words.js';
import { silentLog } from '../../voice-node/platform/log.js';
import { VirtualClock } from '../../voice-node/platform/virtual-clock.js';
import type { DetectorFactory } from '../../voice-node/providers/vad/create.js';
import { MemoryLine } from '../../voice-node/transports/memory.js';
import { SET_RATE_HZ, type Span } from '../speech-set/format.js';

const FRAME_MS = 20;
/** What the caller says first: his level is known, and the robot answers. */
const LEAD_MS = 400;
/** A recogniser's partial result comes so long after the word. */
const WORDS_LATE_MS = 300;

/** One thing that happens while the robot speaks. */
export interface Scenario {
  readonly name: string;
  readonly kind: string;
  readonly speaker: string;
  /** Whether the caller means to interrupt. */
  readonly real: boolean;
  /** 8 kHz. */
  readonly samples: Int16Array;
  readonly sound: Span;
  readonly text: string | undefined;
  /** Where in the reply it begins. */
  readonly atMs: number;
}

export interface Outcome {
  readonly scenario: Scenario;
  /** From the sound's true onset to the arrival of the frame, in ms; undefined: never. */
  readonly duckedMs: number | undefined;
  readonly silentMs: number | undefined;
  /** The reply was over before it began: nothing can be said. */
  readonly spoiled: boolean;
  /** The reply was cut for good. */
  readonly cut: boolean;
  readonly decisions: readonly InterruptionDecision[];
  /** A reply that went on: how far what was played differs in length from what was to be played. */
  readonly lostMs: number | undefined;
}

export interface SceneOptions {
  readonly detectors: DetectorFactory;
  readonly interruptions: CallOptions['interruptions'];
  /** Whether partial transcripts come, as from a streaming recogniser. */
  readonly words: boolean;
  /** What the caller says to begin with. */
  readonly opening: Int16Array;
  /** The robot's reply, 48 kHz. */
  readonly reply: Int16Array;
}

const nothing = (): void => undefined;
const LIMITS = { connectMs: 5000, noCallerMs: 60_000, hungUpMs: 1000, idleMs: 600_000, answerMs: 30_000, replyGapMs: 60_000, replyMs: 600_000, callMs: 3_600_000 };

/** Answers the first turn with the reply, and nothing after that. */
class OneReply implements Orchestrator {
  readonly mode = 'bench';
  host: ConversationHost | undefined;
  turn = 0;
  private readonly reply: Int16Array;

  constructor(reply: Int16Array) {
    this.reply = reply;
  }

  open(host: ConversationHost): Conversation {
    this.host = host;
    return {
      speechStarted: (turn) => void (this.turn = turn),
      speechEnded: (turn) => {
        if (turn > 1) return;
        const reply = host.beginReply(turn);
        void reply.audio(this.reply, 48_000).then(() => reply.end());
      },
      stopPlayback: nothing,
      close: nothing,
    };
  }
}

/** The whole call on virtual time: hearing, core, player; only the line is in memory. */
export async function play(scenario: Scenario, options: SceneOptions): Promise<Outcome> {
  const clock = new VirtualClock();
  const decisions: InterruptionDecision[] = [];
  const meter: Meter = {
    turn: nothing, bargeIn: nothing, frameIn: nothing, framesOut: nothing, framesDropped: nothing,
    lateTicks: nothing, providerError: nothing, providerFirst: nothing, providerUsed: nothing,
    interruption: (decision) => void decisions.push(decision),
  };
  const events: CallerEvent[] = [];
  const line = new MemoryLine({ onEvent: (event) => events.push(event) });
  const orchestrator = new OneReply(options.reply);
  const confirm = confirmOptions({}, DEFAULT_WORDS);
  const call = new Call(
    { callId: 'bench', robot: 'bench', rateHz: 8000, turns: turnOptions(), limits: LIMITS, interruptions: options.interruptions, confirm, replyQueueMs: 2000, phrases: {} },
    { line, clock, meter, log: silentLog, orchestrator, detector: options.detectors.create('silero', 8000) },
  );
  call.start();
  await clock.advanceTo(0);
  line.join();
  const caller = new CallerTrack(options.opening, scenario);
  let wordsTold = false;
  let silent: number | undefined;
  const isOver = (): boolean => events.some((event) => event.type === 'reply_ended');
  for (let ms = FRAME_MS; ms < 180_000 && !(isOver() && ms > caller.overMs); ms += FRAME_MS) {
    await clock.advanceTo(monotonicMs(ms));
    const began = events.find((event) => event.type === 'reply_started');
    if (began !== undefined) caller.place(began.atMs);
    const before = decisions.length;
    const wasOver = isOver();
    line.speak(caller.frame(ms));
    const sinceMs = ms - caller.onsetMs;
    if (!wasOver && sinceMs >= 0) {
      if (silent === undefined && (decisions.slice(before).includes('held') || isOver())) silent = sinceMs;
    }
    if (options.words && !wordsTold && scenario.text !== undefined && sinceMs >= scenario.sound.endMs - scenario.sound.beginMs + WORDS_LATE_MS - 200) {
      wordsTold = true;
      if (orchestrator.turn > 1) orchestrator.host?.transcript(orchestrator.turn, scenario.text, false);
    }
  }
  call.hangUp('caller_left');
  await clock.advanceTo(clock.nowMs());
  await call.done;
  const end = events.find((event) => event.type === 'reply_ended');
  if (end?.type !== 'reply_ended') throw new Error(`${scenario.name}: the reply did not end`);
  const ducked = duckedAt(events, caller.onsetMs);
  return {
    scenario,
    duckedMs: ducked === undefined ? undefined : ducked - caller.onsetMs,
    silentMs: silent,
    spoiled: end.atMs < caller.onsetMs,
    cut: end.cut,
    decisions,
    lostMs: end.cut ? undefined : Math.abs(end.heardMs - options.reply.length / 48),
  };
}

/** The first frame from `fromMs` on that lowered or silenced the robot. */
function duckedAt(events: readonly CallerEvent[], fromMs: number): number | undefined {
  for (const event of events) {
    if (event.type !== 'vad') continue;
    const at = event.reasons.findIndex((reason, i) => event.atMs + i * event.frameMs >= fromMs && reason !== 'silence');
    if (at >= 0) return event.atMs + at * event.frameMs;
  }
  return undefined;
}

/** What the caller's microphone gives: his opening, then the line's noise, and the scenario where it belongs. */
class CallerTrack {
  onsetMs = Infinity;
  overMs = Infinity;
  readonly #opening: Int16Array;
  readonly #scenario: Scenario;
  readonly #up = createResampler({ fromHz: SET_RATE_HZ, toHz: 48_000 });
  #beginMs = Infinity;
  #seed = 9;

  constructor(opening: Int16Array, scenario: Scenario) {
    this.#opening = opening;
    this.#scenario = scenario;
  }

  /** The reply has begun: it is known where the scenario lies. */
  place(replyMs: number): void {
    if (this.#beginMs !== Infinity) return;
    const { atMs, sound, samples } = this.#scenario;
    this.#beginMs = Math.round((replyMs + atMs) / FRAME_MS) * FRAME_MS + 7;
    this.onsetMs = this.#beginMs + sound.beginMs;
    this.overMs = this.#beginMs + samples.length / 8 + 3000;
  }

  /** The 20 ms that end at `ms`, at the wire's rate. */
  frame(ms: number): Int16Array {
    const frame = new Int16Array((SET_RATE_HZ * FRAME_MS) / 1000);
    for (let i = 0; i < frame.length; i++) {
      // -65 dBov of noise, as on any line.
      this.#seed = (Math.imul(this.#seed, 1664525) + 1013904223) >>> 0;
      frame[i] = Math.round((this.#seed / 2 ** 32 - 0.5) * 64);
    }
    mix(frame, this.#opening, (ms - FRAME_MS - LEAD_MS) * 8);
    if (this.#beginMs !== Infinity) mix(frame, this.#scenario.samples, Math.round((ms - FRAME_MS - this.#beginMs) * 8));
    return this.#up.process(frame);
  }
}

function mix(frame: Int16Array, from: Int16Array, at: number): void {
  for (let i = 0; i < frame.length; i++) frame[i] = Math.max(-32_768, Math.min(32_767, (frame[i] as number) + (from[at + i] ?? 0)));
}
