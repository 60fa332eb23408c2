import { describe, expect, it } from 'vitest';
import type { CallRateHz } from '../../../voice-node/domain/audio.js';
import type { SpeechEvent } from '../../../voice-node/domain/speech.js';
import { monotonicMs } from '../../../voice-node/domain/time.js';
import { DTMF_KEYS, DtmfTone } from '../../../voice-node/dsp/dtmf.js';
import { Hearing } from '../../../voice-node/hearing/hearing.js';
import { confirmOptions } from '../../../voice-node/hearing/interruption.js';
import { turnOptions } from '../../../voice-node/hearing/turns.js';
import { DEFAULT_WORDS } from '../../../voice-node/hearing/words.js';
import { ScriptedDetector } from './scripted.js';

/** A stretch of the line: its length, what sounds, and what the detector says of it. */
interface Stretch {
  readonly ms: number;
  readonly key?: string;
  /** Peak of a voice: a buzz of 120 Hz with its harmonics. */
  readonly voice?: number;
  readonly p: number;
}

const LINE: Stretch = { ms: 500, p: 0 };
/** The detector is sure of every digit and for a while after it: the worst that one could do. */
const digits = (keys: string, onMs: number, offMs: number): Stretch[] =>
  [...keys].flatMap((key) => [{ ms: onMs, key, p: 1 }, { ms: Math.min(100, offMs), p: 1 }, { ms: Math.max(0, offMs - 100), p: 0 }]);

interface Heard {
  readonly events: SpeechEvent[];
  readonly reasons: string[];
  readonly probabilities: number[];
}

function hear(stretches: readonly Stretch[], { rateHz = 8000, robot = false, levelDbfs = -12 }: { rateHz?: CallRateHz; robot?: boolean; levelDbfs?: number } = {}): Heard {
  const script: number[] = [];
  const samples: number[] = [];
  for (const { ms, key, voice = 0, p } of stretches) {
    const part = new Int16Array((ms * rateHz) / 1000);
    if (key !== undefined) new DtmfTone(key, { rateHz, levelDbfs }).fillInto(part);
    for (let i = 0; i < part.length; i++) {
      let sum = 0;
      for (let k = 3; k * 120 < 3400; k++) sum += Math.sin((2 * Math.PI * k * 120 * i) / rateHz + k * k) / k;
      // The line's own noise: some least significant bits.
      samples.push((part[i] as number) + Math.round(voice * sum) + ((samples.length * 7919) % 13) - 6);
    }
    // A frame that is half a digit is one to the detector, too.
    while (script.length < samples.length / (rateHz / 50)) script.push(p);
  }
  const heard: Heard = { events: [], reasons: [], probabilities: [] };
  const hearing = new Hearing(
    { callRateHz: rateHz, inputRateHz: rateHz, detector: new ScriptedDetector(script), turns: turnOptions(), confirm: confirmOptions({}, DEFAULT_WORDS) },
    {
      frame: (_, { reason, probability }) => {
        heard.reasons.push(reason);
        heard.probabilities.push(probability);
      },
      speech: (event) => heard.events.push(event),
    },
  );
  hearing.setRobotSpeaking(robot);
  const frame = rateHz / 50;
  const line = Int16Array.from(samples);
  for (let at = 0; at + frame <= line.length; at += frame) hearing.push(line.subarray(at, at + frame), monotonicMs((1000 * (at + frame)) / rateHz));
  return heard;
}

const typesOf = ({ events }: Heard): string[] => events.map(({ type }) => type);

describe('a dialled digit', () => {
  for (const rateHz of [8000, 16_000] as const) {
    for (const robot of [false, true]) {
      it(`is no speech, whatever the detector makes of it, ${robot ? 'over a robot that speaks' : 'in silence'}, at ${rateHz} Hz`, () => {
        for (const [onMs, offMs] of [[60, 60], [100, 100], [300, 240]] as const) {
          const { events, reasons, probabilities } = hear([LINE, ...digits(DTMF_KEYS, onMs, offMs), LINE], { rateHz, robot });
          expect(events).toEqual([]);
          expect(Math.max(...probabilities)).toBe(0);
          expect(reasons.filter((reason) => reason !== 'silence' && reason !== 'noise')).toEqual([]);
          expect(reasons.filter((reason) => reason === 'noise').length).toBeGreaterThanOrEqual((16 * onMs) / 20);
        }
      });
    }
  }

  it('is no speech where it begins in the middle of a frame, once it fills one', () => {
    for (const offset of [5, 10, 15]) {
      const { probabilities } = hear([{ ...LINE, ms: 500 + offset }, { ms: 200, key: '7', p: 1 }, { ...LINE, ms: 300 - offset }]);
      expect(probabilities.slice(27).every((p) => p === 0)).toBe(true);
    }
  });

  it('ends an utterance no later than silence would', () => {
    const spoken: Stretch[] = [LINE, { ms: 600, voice: 4000, p: 1 }];
    const { events } = hear([...spoken, ...digits('12345', 80, 80), LINE]);
    expect(typesOf({ events, reasons: [], probabilities: [] })).toEqual(['speech_started', 'speech_ended']);
    expect(events[1]?.atMs).toBe(500 + 600 + 500);
  });

  it('does not delay whoever speaks right after it', () => {
    for (const afterMs of [0, 20, 40, 100, 160]) {
      const heard = hear([LINE, { ms: 200, key: '5', p: 1 }, ...(afterMs > 0 ? [{ ms: afterMs, p: 0 }] : []), { ms: 600, voice: 800, p: 1 }, LINE, LINE]);
      expect(typesOf(heard)).toEqual(['speech_started', 'speech_ended']);
      // Only the frames that are still in the receiver's 30 ms after the tone are withheld.
      expect(heard.events[0]?.atMs as number).toBeLessThanOrEqual(500 + 200 + afterMs + Math.max(20, 60 - afterMs));
    }
  });

  it('over speech is speech, and so is speech before and after it, at once', () => {
    for (const robot of [false, true]) {
      const plain = hear([LINE, { ms: 1600, voice: 6000, p: 1 }, LINE, LINE], { robot });
      const mixed = hear([LINE, { ms: 300, voice: 6000, p: 1 }, { ms: 100, voice: 6000, key: '3', p: 1 }, { ms: 1200, voice: 6000, p: 1 }, LINE, LINE], { robot, levelDbfs: -24 });
      expect(mixed.events.map(({ type, atMs }) => [type, atMs])).toEqual(plain.events.map(({ type, atMs }) => [type, atMs]));
    }
  });

  it('is forgotten by a reset', () => {
    const key = new Int16Array(1600);
    new DtmfTone('5', { rateHz: 8000 }).fillInto(key);
    const seen: number[] = [];
    const hearing = new Hearing(
      { callRateHz: 8000, inputRateHz: 8000, detector: new ScriptedDetector([1, 1]), turns: turnOptions() },
      { frame: (_, { probability }) => void seen.push(probability), speech: () => undefined },
    );
    for (let at = 0; at < 320; at += 160) hearing.push(key.subarray(at, at + 160), monotonicMs(at));
    hearing.reset();
    // Half a window of noise would still be half a key.
    const quiet = Int16Array.from({ length: 160 }, (_, i) => (i % 2 === 0 ? 3000 : -2000));
    hearing.push(quiet, monotonicMs(400));
    expect(seen.at(-1)).toBe(1);
  });
});
