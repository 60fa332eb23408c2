import { telephoneBand } from './band.js';
import { resonant } from './colours.js';
import { Dice, joined, rmsOf, samplesOfMs, silence, type Sound } from './sound.js';

/**
 * Sounds of a throat, made up: nobody coughs in enough packages. A cough has two or three parts (J. Korpas et al.,
 * Pulmonary Pharmacology 9, 1996): a burst as the glottis opens (30-50 ms), air rushing (100-250 ms), and often the
 * voice at its end (50-150 ms).
 */
interface Throat {
  readonly formantsHz: readonly number[];
  readonly pitchHz: number;
}

const throatOf = (dice: Dice): Throat => {
  const size = dice.between(0.85, 1.2);
  return { formantsHz: [550, 1450, 2450, 3300].map((hz) => hz * size * dice.between(0.93, 1.07)), pitchHz: dice.between(100, 260) };
};

/** One to three coughs of one throat. */
export function cough(purpose: string): Sound {
  const dice = new Dice(purpose);
  const throat = throatOf(dice);
  const parts: Sound[] = [silence(40)];
  for (let left = 1 + dice.below(3), force = 1; left > 0; left--, force *= dice.between(0.6, 0.95)) {
    const burst = air(dice.between(30, 50), throat, dice, (t) => Math.min(1, t * 12) * (1 - 0.4 * t));
    const rush = air(dice.between(90, 230), throat, dice, (t) => 0.55 * Math.exp(-2.2 * t));
    const tail = dice.chance(0.7) ? [voice(dice.between(50, 150), throat, dice, 0.45)] : [];
    parts.push(joined([burst, rush, ...tail]).map((x) => force * x), silence(dice.between(60, 260)));
  }
  return telephoneBand(joined([...parts, silence(60)]));
}

/** "Ahem": the voice creaks, stops, and creaks for longer. */
export function throatClearing(purpose: string): Sound {
  const dice = new Dice(purpose);
  const throat = { ...throatOf(dice), pitchHz: dice.between(70, 120) };
  const first = voice(dice.between(80, 160), throat, dice, 0.6);
  const second = voice(dice.between(200, 380), throat, dice, 1);
  const rasp = air(dice.between(60, 120), throat, dice, (t) => 0.25 * (1 - t));
  return telephoneBand(joined([silence(40), first, silence(dice.between(50, 120)), second, rasp, silence(100)]));
}

/** Turbulence through the formants, under an envelope over 0..1. */
function air(ms: number, throat: Throat, dice: Dice, envelope: (t: number) => number): Sound {
  const raw = Float32Array.from({ length: samplesOfMs(ms) }, (_, i) => dice.normal() * envelope(i / samplesOfMs(ms)));
  return shaped(raw, throat, 0.5, 220);
}

/** Pulses of an unsteady glottis with breath among them, falling in pitch and level. */
function voice(ms: number, throat: Throat, dice: Dice, level: number): Sound {
  const samples = samplesOfMs(ms);
  const raw = new Float32Array(samples);
  let next = 0;
  for (let i = 0; i < samples; i++) {
    const t = i / samples;
    const envelope = Math.sin(Math.PI * Math.min(1, 0.15 + 0.85 * t)) ** 0.7;
    raw[i] = 0.12 * dice.normal() * envelope;
    if (i < next) continue;
    raw[i] = (raw[i] as number) + 4 * envelope * dice.between(0.5, 1.2);
    next = i + (8000 / (throat.pitchHz * (1 - 0.35 * t))) * dice.between(0.85, 1.2);
  }
  return shaped(raw, throat, level, 110);
}

function shaped(raw: Sound, { formantsHz }: Throat, level: number, bandwidthHz: number): Sound {
  const out = raw.map((x) => 0.08 * x);
  for (const [k, hz] of formantsHz.entries()) {
    const part = resonant(raw, hz, bandwidthHz * (1 + 0.3 * k));
    for (let i = 0; i < out.length; i++) out[i] = (out[i] as number) + (part[i] as number) / (1 + 0.5 * k);
  }
  const gain = level / Math.max(1e-6, rmsOf(out));
  return out.map((x) => 0.1 * gain * x);
}

/** A door: an impact of a few ms, the modes of its leaf (150-900 Hz), the rattle of its lock, and the room after it. */
export function slam(purpose: string): Sound {
  const dice = new Dice(purpose);
  const samples = samplesOfMs(dice.between(350, 800));
  const impact = samplesOfMs(dice.between(3, 6));
  const strike = Float32Array.from({ length: samples }, (_, i) => dice.normal() * Math.exp(-i / impact));
  const out = strike.map((x) => 0.5 * x);
  for (let k = 0; k < 5; k++) {
    const mode = resonant(strike, dice.between(150, 900), dice.between(8, 30));
    const gain = dice.between(2, 6);
    for (let i = 0; i < samples; i++) out[i] = (out[i] as number) + gain * (mode[i] as number);
  }
  for (let rattles = dice.below(4); rattles > 0; rattles--) {
    const at = samplesOfMs(dice.between(15, 160));
    for (let i = at; i < samples; i++) out[i] = (out[i] as number) + 0.25 * dice.normal() * Math.exp(-(i - at) / samplesOfMs(4));
  }
  const fall = samplesOfMs(dice.between(60, 130));
  for (let i = 0; i < samples; i++) out[i] = (out[i] as number) + 0.08 * dice.normal() * Math.exp(-i / fall);
  return telephoneBand(joined([silence(40), out, silence(60)]));
}
