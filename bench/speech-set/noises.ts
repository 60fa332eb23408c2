import { telephoneBand } from './band.js';
import type { Bank } from './bank.js';
import { pink, white } from './colours.js';
import type { Half, NoiseKind } from './format.js';
import { activeLevelDbov, atRms } from './levels.js';
import { addInto, amplitudeOfDb, Dice, faded, joined, samplesOfMs, silence, type Sound } from './sound.js';
import type { Take } from './takes.js';
import { dialled, networkTones } from './tones.js';

export interface NoiseSources {
  readonly half: Half;
  readonly bank: Bank;
  readonly crowd: readonly (readonly Take[])[];
}

/** Rests between the events of a noise that has rests: as in real life, or short, where a burst is cut out of it. */
export type Pace = 'natural' | 'dense';

/** `samples` of one kind, at no particular level. The same purpose gives the same noise. */
export function noise(kind: NoiseKind, { half, bank, crowd }: NoiseSources, samples: number, purpose: string, pace: Pace = 'natural'): Sound {
  const seed = `${half} ${kind} ${purpose}`;
  const dense = pace === 'dense';
  switch (kind) {
    case 'white':
      return white(samples, seed);
    case 'pink':
      return pink(samples, seed);
    case 'babble':
      return babble(crowd, samples, seed);
    case 'music':
      return music(bank.music, samples, seed);
    case 'typing':
      return typing(bank.keys, samples, seed, dense ? [150, 500] : [600, 3500]);
    case 'street':
      return street(bank.street, samples, seed);
    case 'tones':
      return networkTones(half, samples, seed, dense ? [100, 200] : [1000, 4000]);
    case 'dtmf':
      return dialled(samples, seed, dense ? [100, 300] : [1000, 4000]);
    case 'alerts':
      return alerts(bank.alerts, samples, seed, dense ? [50, 250] : [500, 4000]);
  }
}

const TALKERS = 6;

/** Six people at once, each with short pauses, none of whom is ever a caller. */
function babble(crowd: readonly (readonly Take[])[], samples: number, seed: string): Sound {
  const dice = new Dice(seed);
  const out = new Float32Array(samples);
  for (const takes of dice.shuffled(crowd).slice(0, TALKERS)) {
    const level = amplitudeOfDb(dice.between(-3, 3));
    let at = -dice.below(8000);
    while (at < samples) {
      const take = dice.pick(takes);
      addInto(out, take.sound, at, level);
      at += take.sound.length - samplesOfMs(160) + samplesOfMs(dice.between(20, 350));
    }
  }
  return out;
}

/** The tracks in a drawn order, equally loud, again and again. */
function music(tracks: readonly Sound[], samples: number, seed: string): Sound {
  const dice = new Dice(seed);
  const parts: Sound[] = [];
  for (let length = 0; length < samples; ) {
    for (const track of dice.shuffled(tracks)) {
      parts.push(atRms(track, -26));
      length += track.length;
    }
  }
  return joined(parts).slice(0, samples);
}

/** Bursts of 4 to 40 keys, about six a second, each with its click up 50 to 120 ms after its click down. */
function typing(keys: readonly Sound[], samples: number, seed: string, restMs: readonly [number, number]): Sound {
  const dice = new Dice(seed);
  const out = new Float32Array(samples);
  for (let at = 0; at < samples; at += samplesOfMs(dice.between(...restMs))) {
    for (let left = 4 + dice.below(37); left > 0 && at < samples; left--) {
      const force = amplitudeOfDb(dice.between(-4, 4));
      addInto(out, dice.pick(keys), at, force);
      addInto(out, dice.pick(keys), at + samplesOfMs(dice.between(50, 120)), 0.6 * force);
      at += samplesOfMs(Math.max(50, 150 * Math.exp(0.45 * dice.normal())));
    }
  }
  return out;
}

/** A bed of far traffic, cars that pass (noise that swells and brightens), and recorded engines and works on top. */
function street(recordings: readonly Sound[], samples: number, seed: string): Sound {
  const dice = new Dice(seed);
  const cars = new Float32Array(samples);
  for (let at = 0; at < samples; at += samplesOfMs(dice.between(1500, 6000))) addInto(cars, passingCar(dice), at);
  const out = telephoneBand(cars);
  addInto(out, atRms(pink(samples, `${seed} bed`), -40), 0);
  for (let at = samplesOfMs(dice.between(0, 1500)); at < samples; at += samplesOfMs(dice.between(400, 3000))) {
    const recorded = dice.pick(recordings);
    const longest = samplesOfMs(dice.between(2000, 8000));
    const sound = atRms(faded(recorded.slice(0, longest), 20, 200), dice.between(-34, -24));
    addInto(out, sound, at);
    at += sound.length;
  }
  return out;
}

function passingCar(dice: Dice): Sound {
  const samples = samplesOfMs(dice.between(3000, 7000));
  const raw = new Float32Array(samples);
  const width = dice.between(0.08, 0.2);
  let low = 0;
  for (let i = 0; i < samples; i++) {
    const swell = Math.exp(-(((i / samples - 0.5) / width) ** 2) / 2);
    low += (0.08 + 0.25 * swell) * (dice.normal() - low);
    raw[i] = low * swell;
  }
  return atRms(raw, dice.between(-34, -23));
}

function alerts(sounds: readonly Sound[], samples: number, seed: string, restMs: readonly [number, number]): Sound {
  const dice = new Dice(seed);
  const parts: Sound[] = [];
  for (let length = 0; length < samples; ) {
    const sound = dice.pick(sounds);
    const level = activeLevelDbov(sound);
    const gain = amplitudeOfDb(-24 + dice.between(-3, 3) - level);
    const part = [sound.map((x) => gain * x), silence(dice.between(...restMs))];
    parts.push(...part);
    length += part.reduce((sum, { length: count }) => sum + count, 0);
  }
  return joined(parts).slice(0, samples);
}
