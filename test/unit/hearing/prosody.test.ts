import { describe, expect, it } from 'vitest';
import { Prosody, type Ending } from '../../../voice-node/hearing/prosody.js';
import { SpeakerRange, semitonesOf } from '../../../voice-node/hearing/speaker-range.js';
import { SENTENCE, speak, type Stretch } from './voices.js';

const SILENT_FRAMES = 3;

/** How a voice sounds that ends like this after a sentence. The detector takes all but silence for voice. */
function endOf(last: Stretch, prosody = new Prosody(8000), before: readonly Stretch[] = SENTENCE): Ending | undefined {
  prosody.begin();
  for (const frame of speak([...before, last])) prosody.push(frame, true);
  for (const frame of speak([{ ms: 20 * SILENT_FRAMES, hz: 0 }])) prosody.push(frame, false);
  return prosody.ending(SILENT_FRAMES);
}

const known = (ending: Ending | undefined): Ending => {
  if (ending === undefined) throw new Error('expected an ending');
  return ending;
};

describe('the ending of a voice', () => {
  const level = known(endOf({ ms: 400, hz: 140 }));

  it('is as loud as the speaker was, or quieter, in dB', () => {
    expect(level.peakDb).toBeGreaterThan(-1);
    expect(level.peakDb).toBeLessThan(4);
    const quiet = known(endOf({ ms: 400, hz: 140, level: 0.3 / 4 }));
    // 12 dB, of which the speaker's mean takes a part: it hears the ending too.
    expect(level.levelDb - quiet.levelDb).toBeGreaterThan(9);
    expect(level.levelDb - quiet.levelDb).toBeLessThan(13);
    expect(level.peakDb - quiet.peakDb).toBeGreaterThan(9);
  });

  it('falls in level where it does', () => {
    const fading = known(endOf({ ms: 400, hz: 140, level: (share) => 0.3 * 10 ** (-share) }));
    expect(level.fallDb).toBeGreaterThan(-3);
    expect(fading.fallDb).toBeLessThan(-6);
  });

  it('has a pitch above the bottom of the range, and a slope', () => {
    const low = known(endOf({ ms: 400, hz: (share) => 150 * 2 ** (-share / 3) }));
    const high = known(endOf({ ms: 400, hz: (share) => 130 * 2 ** (share / 3) }));
    expect(low.pitchSt).toBeLessThan(1);
    expect(high.pitchSt).toBeGreaterThan(4);
    // A third of an octave in 0.4 s.
    expect(low.slopeStPerS).toBeGreaterThan(-13);
    expect(low.slopeStPerS).toBeLessThan(-7);
    expect(high.slopeStPerS).toBeGreaterThan(7);
    expect(high.slopeStPerS).toBeLessThan(13);
  });

  it('is lengthened where its last syllable is twice as long as the others', () => {
    const usual = known(endOf({ ms: 180, hz: 140 }));
    const long = known(endOf({ ms: 360, hz: 140 }));
    expect(long.lengthening - usual.lengthening).toBeGreaterThan(0.7);
    expect(long.lengthening - usual.lengthening).toBeLessThan(1.4);
  });

  it('is the same from a speaker 12 dB quieter and a fifth higher', () => {
    const scaled = (stretches: readonly Stretch[]): Stretch[] =>
      stretches.map(({ ms, hz }) => ({ ms, hz: typeof hz === 'number' ? 1.5 * hz : (share) => 1.5 * hz(share), level: 0.3 / 4 }));
    const other = known(endOf(scaled([{ ms: 400, hz: 140 }])[0] as Stretch, new Prosody(8000), scaled(SENTENCE)));
    expect(other.levelDb).toBeCloseTo(level.levelDb, 0);
    expect(Math.abs(other.pitchSt - level.pitchSt)).toBeLessThan(1.1);
  });

  it('lies where the voice ends, however late the detector lets go', () => {
    const prosody = new Prosody(8000);
    prosody.begin();
    for (const frame of speak([...SENTENCE, { ms: 400, hz: 140 }, { ms: 100, hz: 0 }])) prosody.push(frame, true);
    for (const frame of speak([{ ms: 60, hz: 0 }])) prosody.push(frame, false);
    expect(known(prosody.ending(SILENT_FRAMES)).levelDb).toBeCloseTo(level.levelDb, 0);
  });

  it('is not known before the speaker is', () => {
    expect(endOf({ ms: 300, hz: 140 }, new Prosody(8000), [])).toBeUndefined();
    const prosody = new Prosody(8000);
    expect(endOf({ ms: 400, hz: 140 }, prosody)).toBeDefined();
    prosody.reset();
    expect(endOf({ ms: 300, hz: 140 }, prosody, [])).toBeUndefined();
  });

  it('counts the voice of this utterance only', () => {
    const prosody = new Prosody(8000);
    endOf({ ms: 400, hz: 140 }, prosody);
    expect(known(endOf({ ms: 300, hz: 140 }, prosody, [])).voicedMs).toBe(300);
  });

  it('tells a frame as loud as the voice from the line', () => {
    const prosody = new Prosody(8000);
    endOf({ ms: 400, hz: 140 }, prosody);
    expect(prosody.loud).toBe(false);
    for (const frame of speak([{ ms: 20, hz: 140 }])) prosody.push(frame, false);
    expect(prosody.loud).toBe(true);
  });
});

describe('the range of a speaker', () => {
  it('has the quantiles of what was heard, to half a semitone', () => {
    const range = new SpeakerRange();
    for (let hz = 100; hz <= 200; hz++) range.pitch(semitonesOf(hz));
    expect(Math.abs(range.pitchAt(0.1) - semitonesOf(110))).toBeLessThan(0.6);
    expect(Math.abs(range.pitchAt(0.5) - semitonesOf(150))).toBeLessThan(0.6);
    expect(Math.abs(range.pitchAt(0.9) - semitonesOf(190))).toBeLessThan(0.6);
  });

  it('follows a speaker who hands the telephone over', () => {
    const range = new SpeakerRange();
    for (let i = 0; i < 6000; i++) range.pitch(semitonesOf(100));
    for (let i = 0; i < 6000; i++) range.pitch(semitonesOf(200));
    expect(Math.abs(range.pitchAt(0.5) - semitonesOf(200))).toBeLessThan(0.6);
    for (let i = 0; i < 6000; i++) range.level(-20);
    for (let i = 0; i < 6000; i++) range.level(-40);
    expect(range.levelDbfs).toBeLessThan(-34);
  });
});
