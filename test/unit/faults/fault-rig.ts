import { Call } from '../../../voice-node/call/call.js';
import type { TurnReport } from '../../../voice-node/domain/events.js';
import type { LanguageModel } from '../../../voice-node/domain/llm.js';
import type { SpeechToText } from '../../../voice-node/domain/stt.js';
import type { TextToSpeech } from '../../../voice-node/domain/tts.js';
import { turnOptions } from '../../../voice-node/hearing/turns.js';
import { PipelineOrchestrator } from '../../../voice-node/orchestrators/pipeline/pipeline.js';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import { createOpenAiModel } from '../../../voice-node/providers/llm/openai.js';
import { DEFAULT_LIMITS, resilientLanguageModel, resilientSpeechToText, resilientTextToSpeech } from '../../../voice-node/providers/resilient/providers.js';
import { createOpenAiTranscriber } from '../../../voice-node/providers/stt/openai.js';
import { createOpenAiVoice } from '../../../voice-node/providers/tts/openai.js';
import { ENERGY_RULE, EnergyDetector } from '../../../voice-node/providers/vad/energy.js';
import { MemoryLine } from '../../../voice-node/transports/memory.js';
import { CountingMeter, MemoryLog } from '../call/rig.js';
import { ALICE, BOB, type Voice } from './fault-answers.js';
import { FaultServer } from './fault-server.js';

const FRAME_MS = 20;
const SAMPLES = 960;
/** The defaults of the config. */
const LIMITS = { connectMs: 15_000, noCallerMs: 60_000, hungUpMs: 1000, idleMs: 300_000, answerMs: 15_000, replyGapMs: 10_000, replyMs: 120_000, callMs: 3_600_000 };
const APOLOGY_LEVEL = 2500;
const APOLOGY = { text: 'Sorry.', audio: { samples: new Int16Array(36_000).fill(APOLOGY_LEVEL), rateHz: 48_000 } };

/** What a frame of the robot's holds. */
export type Sound = 'nothing' | 'answer' | 'apology';

/** One caller, with all he hears. */
export class Caller {
  readonly line: MemoryLine;
  readonly meter = new CountingMeter();
  readonly log = new MemoryLog();
  readonly call: Call;
  readonly frames: Int16Array[] = [];
  /** When each frame was sent. */
  readonly atMs: number[] = [];
  readonly sounds: Sound[] = [];
  readonly #voice: Voice;
  #phase = 0;
  #speaksUntilMs = 0;
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock, orchestrator: PipelineOrchestrator, voice: Voice) {
    this.#clock = clock;
    this.#voice = voice;
    this.line = new MemoryLine({ onFrame: (frame) => this.#hear(frame) });
    this.call = new Call(
      { callId: voice.name, robot: 'r', rateHz: 8000, turns: turnOptions(), limits: LIMITS, interruptions: 'immediate', replyQueueMs: 2000, phrases: { apology: APOLOGY } },
      { line: this.line, orchestrator, detector: new EnergyDetector(200, ENERGY_RULE), clock, meter: this.meter, log: this.log },
    );
    this.call.start();
  }

  get turns(): readonly TurnReport[] {
    return this.meter.turns;
  }

  speaks(durationMs: number): void {
    this.#speaksUntilMs = this.#clock.nowMs() + durationMs;
  }

  /** The next 20 ms of what he says. */
  push(): void {
    const frame = new Int16Array(SAMPLES);
    const amplitude = this.#clock.nowMs() < this.#speaksUntilMs ? 8000 : 0;
    if (amplitude > 0) for (let i = 0; i < SAMPLES; i++) frame[i] = Math.round(amplitude * Math.sin((2 * Math.PI * this.#voice.hz * this.#phase++) / 48_000));
    this.line.speak(frame);
  }

  #hear(frame: Int16Array): void {
    this.frames.push(frame);
    this.atMs.push(this.#clock.nowMs());
    // The recorded sentence does not swing, the answers do: 300 Hz, three periods in 10 ms.
    let peak = 0;
    let sum = 0;
    for (const sample of frame) {
      peak = Math.max(peak, Math.abs(sample));
      sum += sample;
    }
    this.sounds.push(peak <= 200 ? 'nothing' : sum / frame.length > 0.4 * peak ? 'apology' : 'answer');
  }

  /** Kinds of sound from `fromMs` on, each as often as it begins. Less than 30 ms are how another one fades. */
  heard(fromMs: number, toMs = Infinity): Sound[] {
    const list: Sound[] = [];
    let run = 0;
    for (const [i, sound] of this.sounds.entries()) {
      run = sound === this.sounds[i - 1] ? run + 1 : 1;
      const at = this.atMs[i] as number;
      if (at >= fromMs && at < toMs && run >= 3 && sound !== 'nothing' && list.at(-1) !== sound) list.push(sound);
    }
    return list;
  }

  /** Silences between `fromMs` and the last sound before `toMs`, in ms of the clock. */
  gaps(fromMs: number, toMs: number): { readonly fromMs: number; readonly toMs: number; readonly then: Sound }[] {
    const gaps: { fromMs: number; toMs: number; then: Sound }[] = [];
    let since = fromMs;
    for (let i = 0; i < this.sounds.length; i++) {
      const at = this.atMs[i] as number;
      if (at < fromMs || at >= toMs || this.sounds[i] === 'nothing') continue;
      if (at - since > 20) gaps.push({ fromMs: since, toMs: at, then: this.sounds[i] as Sound });
      since = at;
    }
    return gaps;
  }

  get isSilent(): boolean {
    return this.sounds.slice(-30).every((sound) => sound === 'nothing');
  }
}

export interface FaultRig {
  readonly clock: VirtualClock;
  readonly server: FaultServer;
  /** His requests may be struck. */
  readonly alice: Caller;
  /** On the same robot: his never are. */
  readonly bob: Caller;
  /** Until `done`, at most `atMostMs`; both callers are on the line all the while. */
  wait(atMostMs: number, done?: () => boolean): Promise<void>;
  over(): Promise<void>;
}

/** One robot, two callers, with the real providers behind the real wrappers. `spares`: a healthy second one of each. */
export async function faultRig({ spares = false, seed = 1 } = {}): Promise<FaultRig> {
  const clock = new VirtualClock();
  const server = new FaultServer(clock, ALICE.name);
  const spare = new FaultServer(clock, '');
  const meter = new CountingMeter();
  let state = seed;
  const random = (): number => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
  const ports = { clock, meter, log: new MemoryLog(), random };
  const options = { vendor: 'openai', apiKey: 'k', fetch: server.fetch } as const;
  const others = { ...options, vendor: 'local', baseUrl: 'http://other/v1', fetch: spare.fetch } as const;
  const list = <P extends SpeechToText | LanguageModel | TextToSpeech>(kind: 'stt' | 'llm' | 'tts', make: (o: typeof options | typeof others) => P): { provider: P; limits: (typeof DEFAULT_LIMITS)['stt'] }[] =>
    (spares ? [options, others] : [options]).map((o) => ({ provider: make(o), limits: DEFAULT_LIMITS[kind] }));
  const orchestrator = new PipelineOrchestrator({
    stt: resilientSpeechToText(list('stt', createOpenAiTranscriber), ports),
    llm: resilientLanguageModel(list('llm', createOpenAiModel), ports),
    tts: resilientTextToSpeech(list('tts', createOpenAiVoice), ports),
    prompt: 'p',
    language: 'en-US',
    endCall: false,
    speculate: false,
    historyMessages: 40,
  });
  const alice = new Caller(clock, orchestrator, ALICE);
  const bob = new Caller(clock, orchestrator, BOB);
  await clock.advanceTo(0);
  alice.line.join();
  bob.line.join();
  return {
    clock,
    server,
    alice,
    bob,
    async wait(atMostMs, done = () => false) {
      for (let ms = 0; ms < atMostMs && !done(); ms += FRAME_MS) {
        await clock.advanceTo(clock.nowMs() + FRAME_MS);
        // Bob asks something every seven seconds, whatever happens to Alice.
        if (clock.nowMs() % 7000 === 1000) bob.speaks(600);
        alice.push();
        bob.push();
      }
    },
    async over() {
      alice.call.hangUp('shutdown');
      bob.call.hangUp('shutdown');
      await clock.advanceTo(clock.nowMs() + 20_000);
    },
  };
}
