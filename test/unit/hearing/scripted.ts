import type { CallRateHz } from '../../../voice-node/domain/audio.js';
import type { SpeechDetector, SpeechEvent, SpeechRule } from '../../../voice-node/domain/speech.js';
import { monotonicMs } from '../../../voice-node/domain/time.js';
import { Hearing } from '../../../voice-node/hearing/hearing.js';
import { turnOptions, type TurnOptions } from '../../../voice-node/hearing/turns.js';

/** One frame of 0.9, or 3 of 5 of 0.5; while the robot speaks 0.95 or 4 of 5. */
export const RULE: SpeechRule = {
  start: 0.5,
  stop: 0.35,
  certain: 0.9,
  startFrames: 3,
  startWindow: 5,
  interruptFrames: 4,
  interruptWindow: 5,
  interruptCertain: 0.95,
};

/** Says what it was told to say, frame by frame, and silence after that. */
export class ScriptedDetector implements SpeechDetector {
  readonly kind = 'energy';
  readonly rule: SpeechRule;
  readonly active = true;
  closed = false;
  private readonly script: readonly (number | Error)[];
  private at = 0;

  constructor(script: readonly (number | Error)[], rule: SpeechRule = RULE) {
    this.script = script;
    this.rule = rule;
  }

  push(): number {
    const next = this.script[this.at++] ?? 0;
    if (next instanceof Error) throw next;
    return next;
  }

  reset(): void {
    this.at = 0;
  }

  close(): void {
    this.closed = true;
  }
}

/** Audio in which every sample of a minute is another one, as far as 16 bits go. */
export function ramp(samples: number): Int16Array {
  const out = new Int16Array(samples);
  for (let i = 0; i < samples; i++) out[i] = i * 40503;
  return out;
}

/** Whether two pieces of audio are the same, sample by sample. Quick, where comparing element by element is not. */
export const same = (a: Int16Array, b: Int16Array): boolean =>
  Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength));

export const times = (count: number, p: number): number[] => Array.from({ length: count }, () => p);

export interface Heard {
  readonly events: SpeechEvent[];
  readonly frames: Int16Array[];
  readonly probabilities: number[];
}

export interface HearSetup {
  readonly rateHz?: CallRateHz;
  readonly inputRateHz?: number;
  readonly turns?: Partial<TurnOptions>;
  readonly rule?: SpeechRule;
}

/** A Hearing with a scripted detector, and all it said. */
export function hearingOf(script: readonly (number | Error)[], setup: HearSetup = {}): { hearing: Hearing; heard: Heard; detector: ScriptedDetector } {
  const rateHz = setup.rateHz ?? 8000;
  const detector = new ScriptedDetector(script, setup.rule);
  const heard: Heard = { events: [], frames: [], probabilities: [] };
  const hearing = new Hearing(
    { callRateHz: rateHz, inputRateHz: setup.inputRateHz ?? rateHz, detector, turns: turnOptions(setup.turns) },
    {
      frame: (frame, { probability }) => {
        heard.frames.push(frame.slice());
        heard.probabilities.push(probability);
      },
      speech: (event) => heard.events.push(event),
    },
  );
  return { hearing, heard, detector };
}

/** A ramp that is as loud as the script says: what its detector takes for silence is 48 dB quieter. */
function audible(script: readonly (number | Error)[], frameSamples: number): Int16Array {
  const out = ramp(script.length * frameSamples);
  script.forEach((p, frame) => {
    if (typeof p === 'number' && p >= RULE.stop) return;
    for (let i = frame * frameSamples; i < (frame + 1) * frameSamples; i++) out[i] = (out[i] as number) >> 8;
  });
  return out;
}

/** Plays a script at 8 kHz, 20 ms by 20 ms; frame i arrives at 1000 + 20 (i + 1) ms. */
export function play(script: readonly (number | Error)[], setup: HearSetup = {}): { events: SpeechEvent[]; samples: Int16Array } {
  const rateHz = setup.rateHz ?? 8000;
  const length = rateHz / 50;
  const samples = audible(script, length);
  const { hearing, heard } = hearingOf(script, setup);
  script.forEach((_, i) => hearing.push(samples.subarray(i * length, (i + 1) * length), monotonicMs(1000 + 20 * (i + 1))));
  hearing.flush();
  hearing.close();
  return { events: heard.events, samples };
}
