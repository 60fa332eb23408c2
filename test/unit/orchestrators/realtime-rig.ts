import type { Clock } from '../../../voice-node/domain/clock.js';
import type { RealtimeRobotOptions } from '../../../voice-node/orchestrators/realtime/options.js';
import { RealtimeOrchestrator } from '../../../voice-node/orchestrators/realtime/realtime.js';
import { OpenAiRealtime, type RealtimeModelOptions } from '../../../voice-node/providers/realtime/model.js';
import type { RealtimeVendorOptions, TurnDetection } from '../../../voice-node/providers/realtime/vendors.js';
import { memoryConnect } from '../../support/fakes/realtime-memory.js';
import { FakeRealtime, type FakeRealtimeOptions } from '../../support/fakes/realtime.js';
import { CountingMeter, ready, rigOf, type Rig, type RigOptions } from '../call/rig.js';

export const SERVER_VAD: TurnDetection = { type: 'server_vad', threshold: 0.6, prefixPaddingMs: 300, silenceDurationMs: 1200 };
export const OUR_VAD: TurnDetection = { type: 'node' };

export interface RealtimeRigOptions {
  readonly turns?: TurnDetection;
  readonly fake?: Partial<FakeRealtimeOptions>;
  readonly vendor?: Partial<RealtimeVendorOptions>;
  readonly model?: Partial<Omit<RealtimeModelOptions, 'vendor'>>;
  readonly robot?: Partial<RealtimeRobotOptions>;
  readonly call?: RigOptions['options'];
  readonly latencyMs?: number;
}

export interface RealtimeRig {
  readonly rig: Rig;
  readonly fake: FakeRealtime;
  /** What the model measured. */
  readonly meter: CountingMeter;
  readonly connect: ReturnType<typeof memoryConnect>;
  readonly clock: Clock;
  /** The caller's voice, a sine of 440 Hz, 20 ms at a time. */
  speak(ms: number, amplitude: number): Promise<void>;
  /** His silence. */
  wait(ms: number): Promise<void>;
  /** Where 24 kHz sample 0 of the fake's answers sounds: the strongest tone of the given stretch of what was sent. */
  toneAt(fromMs: number, toMs: number): number;
  sentMs(): number;
}

/** A whole call on virtual time: line, hearing, player, orchestrator, client, and the fake behind a line without a network. */
export async function talk(options: RealtimeRigOptions = {}): Promise<RealtimeRig> {
  let rig: Rig | undefined = undefined;
  const clock: Clock = {
    nowMs: () => (rig as unknown as Rig).clock.nowMs(),
    wallMs: () => (rig as unknown as Rig).clock.wallMs(),
    at: (atMs, task) => (rig as unknown as Rig).clock.at(atMs, task),
  };
  const fake = new FakeRealtime(clock, { transcribe: (audio) => `${Math.round(audio.length / 24)} ms were said`, ...options.fake });
  const connect = memoryConnect(fake, { latencyMs: options.latencyMs ?? 20 });
  const meter = new CountingMeter();
  const vendor = {
    vendor: 'openai',
    apiKey: fake.options.key,
    model: 'gpt-realtime',
    turnDetection: options.turns ?? SERVER_VAD,
    interruptResponse: true,
    transcription: 'whisper-1',
    ...options.vendor,
  } as RealtimeVendorOptions;
  const model = new OpenAiRealtime({ vendor, clock, meter, connect, ...options.model });
  const orchestrator = new RealtimeOrchestrator({ model, instructions: 'You are a test.', language: 'en-US', tools: undefined, endCall: true, greeting: undefined, random: () => 0.5, ...options.robot });
  rig = rigOf(orchestrator, options.call === undefined ? {} : { options: options.call });
  const made = rig;
  await ready(made);
  const sentMs = (): number => made.frames.length * 10;
  return {
    rig: made,
    fake,
    meter,
    connect,
    clock,
    speak: (ms, amplitude) => utter(made, ms, amplitude),
    wait: (ms) => utter(made, ms, 0),
    sentMs,
    toneAt: (fromMs, toMs) => strongestTone(made, fromMs, toMs),
  };
}

/** 440 Hz at 48 kHz comes round after 1200 samples: no need to compute sines for hours of speech. */
const PERIOD = Float64Array.from({ length: 1200 }, (_, i) => Math.sin((2 * Math.PI * 440 * i) / 48_000));

async function utter({ clock, line }: Rig, durationMs: number, amplitude: number): Promise<void> {
  const frame = new Int16Array(960);
  let at = 0;
  for (let ms = 0; ms < durationMs; ms += 20) {
    if (amplitude > 0) for (let i = 0; i < frame.length; i++, at = (at + 1) % PERIOD.length) frame[i] = Math.round(amplitude * (PERIOD[at] as number));
    await clock.advanceTo(clock.nowMs() + 20);
    line.speak(frame);
  }
}

/** The tone among the fake's (multiples of 50 Hz) that sounds in the given stretch; 0 for silence. */
function strongestTone(rig: Rig, fromMs: number, toMs: number): number {
  const frames = rig.frames.slice(Math.round(fromMs / 10), Math.round(toMs / 10));
  let best = { hz: 0, power: 1e6 };
  for (let hz = 300; hz <= 3300; hz += 50) {
    let re = 0;
    let im = 0;
    let n = 0;
    for (const frame of frames) {
      for (let i = 0; i < frame.length; i += 4, n += 4) {
        const phase = (2 * Math.PI * hz * n) / 48_000;
        re += (frame[i] as number) * Math.cos(phase);
        im += (frame[i] as number) * Math.sin(phase);
      }
    }
    const power = Math.hypot(re, im);
    if (power > best.power) best = { hz, power };
  }
  return best.hz;
}
