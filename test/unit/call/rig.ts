import { Call } from '../../../voice-node/call/call.js';
import type { CallJournal, CallOptions } from '../../../voice-node/call/options.js';
import type { Denoiser } from '../../../voice-node/domain/denoiser.js';
import type { Said } from '../../../voice-node/domain/journal.js';
import type { CallEnd, DropPlace, Log, Meter, ProviderKind } from '../../../voice-node/domain/observer.js';
import type { Conversation, ConversationHost, Orchestrator } from '../../../voice-node/domain/orchestrator.js';
import type { InterruptionDecision, SpeechDetector } from '../../../voice-node/domain/speech.js';
import type { TurnReport } from '../../../voice-node/domain/events.js';
import type { Line } from '../../../voice-node/domain/transport.js';
import { rms } from '../../../voice-node/dsp/level.js';
import { turnOptions } from '../../../voice-node/hearing/turns.js';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import { ENERGY_RULE, EnergyDetector } from '../../../voice-node/providers/vad/energy.js';
import { MemoryLine } from '../../../voice-node/transports/memory.js';
import { LIMITS } from './core-driver.js';

/** Counts everything that is measured. */
export class CountingMeter implements Meter {
  readonly turns: TurnReport[] = [];
  readonly bargeIns: number[] = [];
  framesIn = 0;
  frames = 0;
  late = 0;
  readonly dropped: Partial<Record<DropPlace, number>> = {};
  readonly errors: string[] = [];
  turn = (report: TurnReport): void => void this.turns.push(report);
  bargeIn = (stopMs: number): void => void this.bargeIns.push(stopMs);
  readonly decisions: InterruptionDecision[] = [];
  interruption = (decision: InterruptionDecision): void => void this.decisions.push(decision);
  frameIn = (): void => void this.framesIn++;
  framesOut = (count: number): void => void (this.frames += count);
  framesDropped = (where: DropPlace, count: number): void => void (this.dropped[where] = (this.dropped[where] ?? 0) + count);
  lateTicks = (count: number): void => void (this.late += count);
  providerError = (kind: ProviderKind, code: string): void => void this.errors.push(`${kind} ${code}`);
  readonly firsts: string[] = [];
  readonly used: string[] = [];
  providerFirst = (kind: ProviderKind, vendor: string, afterMs: number): void => void this.firsts.push(`${kind} ${vendor} ${Math.round(afterMs)}`);
  providerUsed = (vendor: string, unit: string, amount: number): void => void this.used.push(`${vendor} ${unit} ${amount}`);
}

/** Keeps every line that was logged. */
export class MemoryLog implements Log {
  readonly lines: { readonly level: string; readonly fields: Readonly<Record<string, unknown>>; readonly message: string }[] = [];
  debug = (fields: object, message: string): void => void this.lines.push({ level: 'debug', fields: { ...fields }, message });
  info = (fields: object, message: string): void => void this.lines.push({ level: 'info', fields: { ...fields }, message });
  warn = (fields: object, message: string): void => void this.lines.push({ level: 'warn', fields: { ...fields }, message });
  error = (fields: object, message: string): void => void this.lines.push({ level: 'error', fields: { ...fields }, message });
  child = (): Log => this;
  at(level: string): string[] {
    return this.lines.flatMap((line) => (line.level === level ? [line.message] : []));
  }
}

/**
 * Loud or not: the tones that stand for a voice here never pause, which the energy detector takes for a noise. Watched:
 * closed once, and nothing heard after that.
 */
export class WatchedDetector extends EnergyDetector {
  closes = 0;
  pushesAfterClose = 0;
  pushes = 0;
  constructor() {
    super(200, ENERGY_RULE);
  }
  override push(frame: Int16Array): number {
    this.pushes++;
    if (this.closes > 0) this.pushesAfterClose++;
    return rms(frame) >= 200 ? 1 : 0;
  }
  override close(): void {
    this.closes++;
  }
}

export interface Rig {
  readonly call: Call;
  readonly clock: VirtualClock;
  readonly line: MemoryLine;
  readonly meter: CountingMeter;
  readonly log: MemoryLog;
  readonly detector: WatchedDetector;
  /** All that was sent, frame by frame. */
  readonly frames: Int16Array[];
  /** What was kept of what was said. */
  readonly said: Said[];
  /** Every end the call has had. */
  readonly ends: readonly CallEnd[];
  /** The whole of it. */
  sent(): Int16Array;
  /** Caller's audio, 20 ms at a time, for `durationMs`; amplitude 0 is silence. */
  speak(durationMs: number, amplitude: number, hz?: number): Promise<void>;
  /** How it ended; throws where it has not within an hour of its time. */
  over(): Promise<CallEnd>;
}

export interface RigOptions {
  readonly line?: (inner: MemoryLine) => Line;
  readonly detector?: SpeechDetector;
  readonly denoiser?: Denoiser;
  readonly options?: Partial<CallOptions>;
  readonly journal?: CallJournal;
  readonly clock?: VirtualClock;
}

export function rigOf(orchestrator: Orchestrator, { line: wrap, detector: other, denoiser, options, journal, clock = new VirtualClock() }: RigOptions = {}): Rig {
  const frames: Int16Array[] = [];
  const line = new MemoryLine({ onFrame: (frame) => frames.push(frame) });
  const meter = new CountingMeter();
  const log = new MemoryLog();
  const said: Said[] = [];
  const detector = new WatchedDetector();
  const call = new Call(
    { callId: 'call-1', robot: 'echo', rateHz: 8000, turns: turnOptions(), limits: LIMITS, interruptions: 'immediate', replyQueueMs: 2000, phrases: {}, ...options },
    { line: wrap === undefined ? line : wrap(line), orchestrator, detector: other ?? detector, denoiser, clock, meter, log, journal: journal ?? { said: (what) => void said.push(what) } },
  );
  let phase = 0;
  const frame = new Int16Array(960);
  return {
    call,
    clock,
    line,
    meter,
    log,
    detector,
    frames,
    said,
    get ends() {
      return log.lines.flatMap(({ message, fields }) => (message === 'call ends' ? [fields.end as CallEnd] : []));
    },
    sent: () => joined(frames),
    async speak(durationMs, amplitude, hz = 440) {
      for (let ms = 0; ms < durationMs; ms += 20) {
        for (let i = 0; i < frame.length; i++) frame[i] = Math.round(amplitude * Math.sin((2 * Math.PI * hz * phase++) / 48_000));
        await clock.advanceTo(clock.nowMs() + 20);
        line.speak(frame);
      }
    },
    async over() {
      for (let i = 0; i < 3600 && call.phase !== 'ended'; i++) await clock.advanceTo(clock.nowMs() + 1000);
      if (call.phase !== 'ended') throw new Error(`expected an end, got phase ${call.phase}`);
      await clock.advanceTo(clock.nowMs() + 20_000);
      return call.done;
    },
  };
}

/** A call that is up, with its caller in it. */
export async function ready(rig: Rig): Promise<Rig> {
  rig.call.start();
  await rig.clock.advanceTo(rig.clock.nowMs());
  rig.line.join();
  return rig;
}

export function joined(frames: readonly Int16Array[]): Int16Array {
  const all = new Int16Array(frames.reduce((sum, frame) => sum + frame.length, 0));
  let at = 0;
  for (const frame of frames) {
    all.set(frame, at);
    at += frame.length;
  }
  return all;
}

/** An orchestrator made of a few functions; the rest does nothing. */
export const orchestratorOf = (open: (host: ConversationHost) => Partial<Conversation>): Orchestrator => ({
  mode: 'test',
  open: (host) => ({ speechEnded: () => undefined, stopPlayback: () => undefined, close: () => undefined, ...open(host) }),
});
