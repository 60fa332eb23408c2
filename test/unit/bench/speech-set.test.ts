import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { telephoneBand, throughTelephone } from '../../../bench/speech-set/band.js';
import { labelsOf, laidOut, onLine, rendered, withoutSilence } from '../../../bench/speech-set/dialogue.js';
import { extentOf, labelled } from '../../../bench/speech-set/labels.js';
import { activeLevelDbov, atActiveLevel } from '../../../bench/speech-set/levels.js';
import { FLOOR_DBOV, lineFloor, mixedAt, throughMuLaw } from '../../../bench/speech-set/line.js';
import { addInto, Dice, joined, msOfSamples, rmsOf, samplesOfMs, silence, type Sound } from '../../../bench/speech-set/sound.js';
import { takeOf, type Take } from '../../../bench/speech-set/takes.js';
import { joinedTurn, plainTurn, stretchedTurn } from '../../../bench/speech-set/turns.js';
import { lacks } from '../../../bench/speech-set/whole.js';

const db = (rms: number): number => 20 * Math.log10(rms);

/** A voiced sound: harmonics of 150 Hz, beginning and ending at once. */
function vowel(ms: number, amplitude = 0.1): Sound {
  return Float32Array.from({ length: samplesOfMs(ms) }, (_, i) => {
    let sum = 0;
    for (let k = 3; k < 20; k++) sum += Math.sin(2 * Math.PI * 150 * k * (i / 8000) + k * k) / k;
    return amplitude * sum;
  });
}

const about = { speaker: 'nobody', language: 'en', origin: 'synthetic', name: 'test' } as const;
const take = (sound: Sound, text?: string): Take => {
  const found = takeOf(sound, { ...about, ...(text !== undefined && { text }) });
  if (found === undefined) throw new Error('the sound is fit');
  return found;
};
const twoWords = (gapMs: number): Sound => joined([silence(300), vowel(500), silence(gapMs), vowel(400), silence(300)]);
const noiseOf = (samples: number, amplitude = 0.01): Sound => {
  const dice = new Dice('noise of a test');
  return Float32Array.from({ length: samples }, () => amplitude * dice.normal());
};

describe('labels', () => {
  it('find sound that begins and ends at once to 2.5 ms, wherever it lies', () => {
    fc.assert(
      fc.property(fc.integer({ min: 800, max: 4000 }), fc.integer({ min: 900, max: 6000 }), fc.integer({ min: 1700, max: 6000 }), (lead, length, gap) => {
        const [one, two] = [vowel(msOfSamples(length)), vowel(400)];
        const sound = new Float32Array(lead + one.length + gap + two.length + 1600);
        addInto(sound, one, lead);
        addInto(sound, two, lead + one.length + gap);
        const expected = [lead, lead + one.length, lead + one.length + gap, lead + one.length + gap + two.length];
        const found = labelled(sound)?.segments.flatMap(({ begin, end }) => [begin, end]) ?? [];
        expect(found).toHaveLength(4);
        for (const [i, at] of expected.entries()) expect(Math.abs((found[i] as number) - at)).toBeLessThanOrEqual(samplesOfMs(2.5) + 1);
      }),
      { numRuns: 30 },
    );
  });

  it('close gaps below 200 ms, and remember those of 60 ms and more as places to pause', () => {
    expect(labelled(twoWords(260))?.segments).toHaveLength(2);
    const close = labelled(twoWords(150));
    expect(close?.segments).toHaveLength(1);
    expect(close?.breaths).toHaveLength(1);
    expect(labelled(twoWords(30))?.breaths).toHaveLength(0);
  });

  it('leave out what is 36 dB under the loudest, and draw the ends in to 30 dB under it', () => {
    const ramp = (ms: number, from: number, to: number): Sound => vowel(ms).map((x, i) => x * 10 ** ((from + ((to - from) * i) / samplesOfMs(ms)) / 20));
    const sound = joined([silence(100), ramp(600, -60, 0), silence(400)]);
    const begin = msOfSamples(labelled(sound)?.segments[0]?.begin ?? 0);
    // It rises by 1 dB in 10 ms: 30 dB under the top is 300 ms after its beginning.
    expect(Math.abs(begin - 400)).toBeLessThan(15);
  });

  it('begin at the word, not at the smack of lips before it', () => {
    const opened = (ms: number, amplitude: number): number => msOfSamples(labelled(joined([silence(300), vowel(ms, amplitude), silence(80), vowel(500), silence(300)]))?.segments[0]?.begin ?? 0);
    expect(Math.abs(opened(20, 0.006) - 400)).toBeLessThanOrEqual(2.5);
    // Longer or louder it is a part of the word.
    expect(Math.abs(opened(80, 0.006) - 300)).toBeLessThanOrEqual(2.5);
    expect(Math.abs(opened(20, 0.05) - 300)).toBeLessThanOrEqual(2.5);
  });

  it('measure noise of the recording, and refuse what has clicks, soft breaths or nothing in it', () => {
    const quiet = twoWords(300);
    const noisy = (amplitude: number): Sound => {
      const noise = noiseOf(quiet.length, amplitude);
      return quiet.map((x, i) => x + (noise[i] as number));
    };
    const expected = db(rmsOf(vowel(500))) - db(0.0005);
    expect(Math.abs((labelled(noisy(0.0005))?.snrDb ?? 0) - expected)).toBeLessThan(0.5);
    expect(takeOf(noisy(0.0005), about)?.segments).toHaveLength(2);
    // 28 dB under speech, and then 12.
    expect(takeOf(noisy(0.0016), about)).toBeUndefined();
    expect(takeOf(noisy(0.01), about)).toBeUndefined();
    expect(labelled(joined([silence(300), vowel(20), silence(400), vowel(500), silence(200)]))).toBeUndefined();
    expect(labelled(joined([silence(300), vowel(300, 0.01), silence(400), vowel(500), silence(200)]))).toBeUndefined();
    expect(labelled(silence(500))).toBeUndefined();
  });

  it('take a sound that is no speech from its first to its last beat', () => {
    const { begin, end } = extentOf(joined([silence(100), vowel(15), silence(500), vowel(15), silence(100)]));
    expect(Math.abs(msOfSamples(begin) - 100)).toBeLessThanOrEqual(2.5);
    expect(Math.abs(msOfSamples(end) - 630)).toBeLessThanOrEqual(2.5);
  });
});

describe('turns', () => {
  /** Segments as they are found again in what was made. */
  const found = (sound: Sound): number[] => (labelled(sound)?.segments ?? []).flatMap(({ begin, end }) => [begin, end]);
  const close = (a: readonly number[], b: readonly number[]): void => {
    expect(a).toHaveLength(b.length);
    for (const [i, at] of a.entries()) expect(Math.abs(at - (b[i] as number))).toBeLessThanOrEqual(samplesOfMs(5));
  };

  it('keep their labels on the sound when recordings are joined', () => {
    const dice = new Dice('joined');
    for (let i = 0; i < 10; i++) {
      const turn = joinedTurn([take(twoWords(30), 'one'), take(twoWords(400), 'two'), take(twoWords(30), 'three')], dice, () => dice.between(205, 1500));
      close(turn.segments.flatMap(({ begin, end }) => [begin, end]), found(turn.sound));
      expect(turn).toMatchObject({ pauses: 'joined', text: 'one two three' });
    }
  });

  it('keep their labels on the sound when a breath is made a pause, which is then as long as was drawn', () => {
    const dice = new Dice('stretched');
    for (let i = 0; i < 10; i++) {
      const turn = stretchedTurn(take(joined([twoWords(120), silence(250), vowel(300), silence(200)])), dice);
      close(turn.segments.flatMap(({ begin, end }) => [begin, end]), found(turn.sound));
      expect(turn.segments).toHaveLength(3);
      const [first, second] = turn.segments;
      const pauseMs = msOfSamples((second?.begin ?? 0) - (first?.end ?? 0));
      expect(pauseMs).toBeGreaterThanOrEqual(195);
      expect(pauseMs).toBeLessThanOrEqual(3000);
    }
  });

  it('lie where the labels of the stream say, 1.2 to 3 s apart', () => {
    const turns = Array.from({ length: 12 }, (_, i) => plainTurn(take(twoWords(250 + 20 * i))));
    const layout = laidOut('tune', turns);
    const labels = labelsOf(layout);
    const sound = rendered(layout);
    close(found(sound), labels.flatMap((turn) => turn.segments.flatMap(({ beginMs, endMs }) => [beginMs * 8, endMs * 8])));
    for (const [i, turn] of labels.slice(1).entries()) {
      const pauseMs = turn.beginMs - (labels[i]?.endMs ?? 0);
      expect(pauseMs).toBeGreaterThanOrEqual(1200);
      expect(pauseMs).toBeLessThan(3001);
    }
    const sent = throughMuLaw(withoutSilence(sound, labels));
    const between = sent.subarray(samplesOfMs((labels[0]?.endMs ?? 0) + 200), samplesOfMs((labels[1]?.beginMs ?? 0) - 200));
    expect(between.length).toBeGreaterThan(0);
    expect(between.every((x) => x === 0)).toBe(true);
  });
});

describe('the line', () => {
  it('mixes at the asked distance of levels, to 0.1 dB', () => {
    const speech = joined([twoWords(700), twoWords(900)]);
    for (const [snrDb, amplitude] of [[20, 0.3], [10, 0.001], [0, 0.02], [5, 1]] as const) {
      const noise = noiseOf(speech.length + 500, amplitude);
      const mixed = mixedAt(speech, noise, snrDb);
      const added = mixed.map((x, i) => x - (speech[i] as number));
      expect(Math.abs(activeLevelDbov(speech) - db(rmsOf(added)) - snrDb)).toBeLessThan(0.1);
    }
    expect(() => mixedAt(speech, silence(10), 10)).toThrow(/expected \d+ samples of noise, got 80/);
  });

  it('brings speech to its level whatever its pauses', () => {
    for (const gapMs of [100, 700, 2500]) {
      for (const amplitude of [0.0005, 0.1, 0.5]) {
        const level = atActiveLevel(joined([vowel(800, amplitude), silence(gapMs), vowel(800, amplitude)]), -26);
        expect(Math.abs(activeLevelDbov(level) + 26)).toBeLessThan(0.1);
        // Active is what is spoken and 200 ms after it.
        expect(Math.abs(db(rmsOf(level, samplesOfMs(100), samplesOfMs(700))) + 26)).toBeLessThan(1.7);
      }
    }
  });

  it('passes 300-3400 Hz and delays nothing, at any rate', () => {
    const tone = (hz: number, rateHz: number): Int16Array => Int16Array.from({ length: rateHz / 2 }, (_, i) => Math.round(8000 * Math.sin((2 * Math.PI * hz * i) / rateHz)));
    const gainDb = (hz: number, rateHz: number): number => db(rmsOf(throughTelephone(tone(hz, rateHz), rateHz), 1000, 3000) / (8000 / 32768 / Math.SQRT2));
    for (const rateHz of [8000, 16_000, 22_050, 44_100, 48_000]) {
      for (const hz of [400, 1000, 3000, 3250]) expect(Math.abs(gainDb(hz, rateHz))).toBeLessThan(0.3);
      for (const hz of [50, 150]) expect(gainDb(hz, rateHz)).toBeLessThan(-40);
    }
    expect(gainDb(3700, 16_000)).toBeLessThan(-40);
    expect(gainDb(6000, 48_000)).toBeLessThan(-40);
    const click = new Int16Array(24_000);
    click[12_000] = 30_000;
    const heard = throughTelephone(click, 48_000);
    const at = heard.reduce((best, x, i) => (Math.abs(x) > Math.abs(heard[best] as number) ? i : best), 0);
    expect(Math.abs(at - 2000)).toBeLessThanOrEqual(1);
  });

  it('codes as G.711 does: 14 bits in eight segments, full scale cut off, silence kept', () => {
    expect(throughMuLaw(Float32Array.of(0, 1.5, -1.5, 110 / 32768))).toEqual(Int16Array.of(0, 32124, -32124, 112));
    const speech = atActiveLevel(telephoneBand(joined([vowel(2000)])), -26);
    const coded = throughMuLaw(speech);
    const error = speech.map((x, i) => x - (coded[i] as number) / 32768);
    const snrDb = db(rmsOf(speech)) - db(rmsOf(error));
    expect(snrDb).toBeGreaterThan(35);
    expect(snrDb).toBeLessThan(40);
  });

  it('has a floor of -65 dBov under everything', () => {
    const coded = onLine(silence(3000), lineFloor(samplesOfMs(1000), 'floor of a test'));
    expect(Math.abs(db(rmsOf(Float32Array.from(coded, (x) => x / 32768))) - FLOOR_DBOV)).toBeLessThan(0.5);
  });
});

describe('chance', () => {
  it('is the same for the same purpose and another for another', () => {
    const draw = (purpose: string): number[] => {
      const dice = new Dice(purpose);
      return Array.from({ length: 20 }, () => dice.below(1000));
    };
    expect(draw('a')).toEqual(draw('a'));
    expect(draw('a')).not.toEqual(draw('b'));
    expect(new Dice('a').shuffled([1, 2, 3, 4, 5]).sort()).toEqual([1, 2, 3, 4, 5]);
  });
});

it('a set that lacks something says what', () => {
  expect(lacks({ streams: [], pieces: [] })).toEqual(expect.arrayContaining(['test: 0 turns, at least 120 are needed', 'tune: 0 pieces of cough, at least 15 are needed']));
});
