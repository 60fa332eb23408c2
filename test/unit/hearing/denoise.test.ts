import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Denoiser } from '../../../voice-node/domain/denoiser.js';
import { VoiceNodeError } from '../../../voice-node/domain/errors.js';
import type { SpeechEnded, SpeechEvent } from '../../../voice-node/domain/speech.js';
import { monotonicMs } from '../../../voice-node/domain/time.js';
import { createResampler } from '../../../voice-node/dsp/resampler.js';
import { Hearing } from '../../../voice-node/hearing/hearing.js';
import { turnOptions } from '../../../voice-node/hearing/turns.js';
import { ScriptedDetector, ramp, same, times } from './scripted.js';

const RATE_HZ = 48_000;
const FRAME = 480;

/** Halves what it hears and hands it out one frame later; fails in the frames it is told to. */
class LateDenoiser implements Denoiser {
  readonly rateHz = RATE_HZ;
  readonly frameSamples = FRAME;
  readonly delaySamples = FRAME;
  readonly lengths = new Set<number>();
  closed = false;
  private held = new Int16Array(FRAME);
  private frames = 0;
  private readonly failsAt: readonly number[];

  constructor(failsAt: readonly number[] = []) {
    this.failsAt = failsAt;
  }

  process(frame: Int16Array): void {
    this.lengths.add(frame.length);
    if (this.failsAt.includes(this.frames++)) throw new VoiceNodeError('denoise_failed', 'scripted');
    const next = frame.map((x) => x >> 1);
    frame.set(this.held);
    this.held = next;
  }

  reset(): void {
    this.held = new Int16Array(FRAME);
    this.frames = 0;
  }

  close(): void {
    this.closed = true;
  }
}

interface Setup {
  readonly script?: readonly number[];
  readonly inputRateHz?: number;
  readonly denoiser?: Denoiser;
}

function hearingOf({ script = [], inputRateHz = RATE_HZ, denoiser = new LateDenoiser() }: Setup = {}): { hearing: Hearing; frames: Int16Array[]; events: SpeechEvent[]; detector: ScriptedDetector } {
  const frames: Int16Array[] = [];
  const events: SpeechEvent[] = [];
  const detector = new ScriptedDetector(script);
  const hearing = new Hearing(
    { callRateHz: 8000, inputRateHz, detector, denoiser, turns: turnOptions() },
    { frame: (frame) => frames.push(frame.slice()), speech: (event) => events.push(event) },
  );
  return { hearing, frames, events, detector };
}

const joined = (frames: readonly Int16Array[]): Int16Array => Int16Array.from(frames.flatMap((frame) => [...frame]));

/** What is to be heard of `samples` at 48 kHz: half of it, 10 ms late, at 8 kHz, in whole frames. */
function expectedOf(samples: Int16Array): Int16Array {
  const whole = samples.subarray(0, Math.floor(samples.length / FRAME) * FRAME);
  const late = new Int16Array(whole.length);
  for (let i = FRAME; i < late.length; i++) late[i] = (whole[i - FRAME] as number) >> 1;
  const out = createResampler({ fromHz: RATE_HZ, toHz: 8000 }).process(late);
  return out.subarray(0, Math.floor(out.length / 160) * 160);
}

const codeOf = (work: () => unknown): string | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as VoiceNodeError).code;
  }
};

describe('hearing with a denoiser', () => {
  it('hears the same whatever the pieces are: cleaned, in whole frames of the denoiser, 10 ms late', () => {
    const samples = ramp(RATE_HZ / 2);
    const expected = expectedOf(samples);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 12_000 }), { minLength: 1, maxLength: 40 }), (cuts) => {
        const denoiser = new LateDenoiser();
        const { hearing, frames } = hearingOf({ denoiser });
        let at = 0;
        for (let i = 0; at < samples.length; i++) {
          const length = Math.max(i > 200 ? 480 : 0, cuts[i % cuts.length] as number);
          hearing.push(samples.subarray(at, at + length), monotonicMs(at / 48));
          at += length;
        }
        expect([...denoiser.lengths]).toEqual([FRAME]);
        expect(same(joined(frames), expected)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('loses no time over a long call: after 5000 pieces it is as late as after one', () => {
    const { hearing } = hearingOf();
    const piece = ramp(960);
    for (let i = 0; i < 5000; i++) hearing.push(piece, monotonicMs(20 * i));
    expect(hearing.positionMs).toBe(100_000);
  });

  it('counts arrivals from when the sound came in, not from when it was clean', () => {
    const { hearing, events } = hearingOf({ script: [...times(50, 0), ...times(10, 0.95)] });
    const samples = ramp(60 * 960);
    samples.fill(0, 0, 50 * 960);
    for (let i = 0; i < 60; i++) hearing.push(samples.subarray(i * 960, (i + 1) * 960), monotonicMs(1000 + 20 * (i + 1)));
    expect(events[0]).toMatchObject({ type: 'speech_started', onsetMs: 1000, onsetArrivedMs: 1000 + 1020 - 10 });
  });

  it('brings a line of another rate to the denoiser, and what comes out to the call', () => {
    const denoiser = new LateDenoiser();
    const { hearing, frames } = hearingOf({ inputRateHz: 8000, denoiser });
    const tone = Int16Array.from({ length: 8000 }, (_, i) => Math.round(8000 * Math.sin((2 * Math.PI * 440 * i) / 8000)));
    for (let at = 0; at < tone.length; at += 1111) hearing.push(tone.subarray(at, at + 1111), monotonicMs(at / 8));
    const heard = joined(frames).subarray(1600, 7200);
    expect([...denoiser.lengths]).toEqual([FRAME]);
    // The same tone at half the level: its part at 440 Hz holds all the power there is.
    const [re, im] = [Math.cos, Math.sin].map((wave) => heard.reduce((sum, x, i) => sum + x * wave((2 * Math.PI * 440 * i) / 8000), 0) / heard.length) as [number, number];
    expect(2 * Math.hypot(re, im)).toBeGreaterThan(3900);
    expect(2 * Math.hypot(re, im)).toBeLessThan(4100);
    expect(heard.reduce((sum, x) => sum + x * x, 0) / heard.length).toBeLessThan(1.02 * 2 * Math.hypot(re, im) ** 2);
  });

  it('hands out what the denoiser holds back when the audio is over', () => {
    const { hearing, frames, events } = hearingOf({ script: times(60, 0.95) });
    const samples = ramp(24_100);
    hearing.push(samples, monotonicMs(0));
    hearing.flush();
    const late = new Int16Array(24_960);
    samples.forEach((x, i) => (late[i + FRAME] = x >> 1));
    const expected = createResampler({ fromHz: RATE_HZ, toHz: 8000 }).process(late);
    expect(same(joined(frames).subarray(0, expected.length), expected)).toBe(true);
    expect((events.find((event) => event.type === 'speech_ended') as SpeechEnded).utterance.samples.length).toBeGreaterThanOrEqual(expected.length);
    const before = frames.length;
    hearing.flush();
    expect(frames).toHaveLength(before);
  });

  it('hears what came where the denoiser fails, says so after all was taken, and goes on', () => {
    const { hearing, frames } = hearingOf({ denoiser: new LateDenoiser([1]) });
    const samples = new Int16Array(4800).fill(1000);
    expect(codeOf(() => hearing.push(samples, monotonicMs(0)))).toBe('denoise_failed');
    expect(hearing.positionMs).toBe(100);
    expect(codeOf(() => hearing.push(samples, monotonicMs(100)))).toBeUndefined();
    expect(hearing.positionMs).toBe(200);
    // The frame that was not cleaned is as loud as it came; the others are half as loud.
    const loudest = joined(frames).reduce((most, x) => Math.max(most, x), 0);
    expect(loudest).toBeGreaterThan(900);
    expect(joined(frames).at(-1)).toBeGreaterThan(490);
    expect(joined(frames).at(-1)).toBeLessThan(510);
  });

  it('says so where the denoiser fails at the very end', () => {
    const { hearing } = hearingOf({ denoiser: new LateDenoiser([1]) });
    hearing.push(new Int16Array(FRAME).fill(1000), monotonicMs(0));
    expect(codeOf(() => hearing.flush())).toBe('denoise_failed');
  });

  it('is as new after a reset, the denoiser too', () => {
    const { hearing, frames } = hearingOf();
    const samples = ramp(9700);
    hearing.push(samples, monotonicMs(0));
    const first = frames.splice(0);
    hearing.reset();
    hearing.push(samples, monotonicMs(0));
    expect(same(joined(frames), joined(first))).toBe(true);
  });

  it('closes the denoiser with the detector', () => {
    const denoiser = new LateDenoiser();
    const { hearing, detector } = hearingOf({ denoiser });
    hearing.close();
    expect([denoiser.closed, detector.closed]).toEqual([true, true]);
  });
});
