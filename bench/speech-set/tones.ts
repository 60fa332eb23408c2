import { DTMF_KEYS, DtmfTone } from '../../voice-node/dsp/dtmf.js';
import { SET_RATE_HZ, type Half } from './format.js';
import { Dice, faded, joined, samplesOfMs, silence, type Sound } from './sound.js';

/** Frequencies that sound together, and for how long; no frequency is silence. */
type Beat = readonly [hz: readonly number[], ms: number];

/** Signals of telephone networks and of machines on them (ITU-T E.180, T.30, V.21). None is in both halves. */
const CADENCES: Readonly<Record<Half, readonly (readonly Beat[])[]>> = {
  tune: [
    [[[425], 4000]],
    [[[425], 480], [[], 480]],
    [[[425], 1000], [[], 4000]],
    [[[400, 450], 400], [[], 200], [[400, 450], 400], [[], 2000]],
    [[[1100], 500], [[], 3000]],
    [[[1000], 5000]],
    [[[500], 300], [[700], 300], [[900], 300], [[], 500]],
    [[[980], 40], [[1180], 30], [[980], 30], [[1180], 60]],
  ],
  test: [
    [[[350, 440], 4000]],
    [[[440, 480], 2000], [[], 4000]],
    [[[480, 620], 500], [[], 500]],
    [[[950], 330], [[1400], 330], [[1800], 330], [[], 1000]],
    [[[2100], 3300], [[], 500]],
    [[[1400], 500], [[], 3000]],
    [[[800], 5000]],
    [[[1650], 30], [[1850], 50], [[1650], 60], [[1850], 30]],
    [[[620], 250], [[], 250]],
  ],
};

/** One signal of a network after the other, each for 6 to 15 s. Without `gapMs` there is no silence longer than the cadence's own. */
export function networkTones(half: Half, samples: number, purpose: string, gapMs: readonly [number, number]): Sound {
  const dice = new Dice(purpose);
  const parts: Sound[] = [];
  for (let length = 0; length < samples; length = parts.reduce((sum, part) => sum + part.length, 0)) {
    const cadence = dice.pick(CADENCES[half]);
    const phase = dice.between(0, 1);
    const level = 10 ** (dice.between(-3, 0) / 20);
    const lastsMs = dice.between(6000, 15_000);
    for (let ms = 0; ms < lastsMs; ) {
      for (const [hz, beatMs] of cadence) {
        parts.push(beat(hz, beatMs, level, phase + ms));
        ms += beatMs;
      }
    }
    parts.push(silence(dice.between(...gapMs)));
  }
  return joined(parts).slice(0, samples);
}

function beat(hz: readonly number[], ms: number, level: number, phase: number): Sound {
  const sound = new Float32Array(samplesOfMs(ms));
  for (let i = 0; i < sound.length; i++) {
    let sum = 0;
    for (const f of hz) sum += Math.sin(2 * Math.PI * (f * (i / SET_RATE_HZ) + phase));
    sound[i] = (0.25 * level * sum) / Math.max(1, hz.length);
  }
  return ms > 100 ? faded(sound, 2, 2) : sound;
}

/** Somebody dials: 4 to 11 keys of 60 to 300 ms, then nothing for `restMs`. */
export function dialled(samples: number, purpose: string, restMs: readonly [number, number]): Sound {
  const dice = new Dice(purpose);
  const parts: Sound[] = [];
  let length = 0;
  const add = (part: Sound): void => void (parts.push(part), (length += part.length));
  while (length < samples) {
    const [onMs, offMs] = [dice.between(60, 300), dice.between(60, 300)];
    const [levelDbfs, twistDb] = [dice.between(-12, -9), dice.between(0, 4)];
    for (let keys = 4 + dice.below(8); keys > 0; keys--) {
      const tone = new Int16Array(samplesOfMs(onMs));
      new DtmfTone(dice.pick([...DTMF_KEYS]), { rateHz: SET_RATE_HZ, levelDbfs, twistDb }).fillInto(tone);
      add(Float32Array.from(tone, (x) => x / 32768));
      add(silence(offMs * dice.between(0.9, 1.2)));
    }
    add(silence(dice.between(...restMs)));
  }
  return joined(parts).slice(0, samples);
}
