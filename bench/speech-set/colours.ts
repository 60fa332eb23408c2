import { telephoneBand } from './band.js';
import { Dice, type Sound } from './sound.js';

/** White noise in the telephone band. */
export function white(samples: number, purpose: string): Sound {
  const dice = new Dice(purpose);
  const out = new Float32Array(samples);
  for (let i = 0; i < samples; i++) out[i] = dice.normal();
  return telephoneBand(out);
}

/** Noise that falls by 3 dB an octave: six low-pass filters an octave and more apart (P. Kellet's weights). */
export function pink(samples: number, purpose: string): Sound {
  const dice = new Dice(purpose);
  const poles = [0.99886, 0.99332, 0.969, 0.8665, 0.55, -0.7616];
  const weights = [0.0555179, 0.0750759, 0.153852, 0.3104856, 0.5329522, -0.016898];
  const state = poles.map(() => 0);
  const out = new Float32Array(samples);
  for (let i = 0; i < samples; i++) {
    const x = dice.normal();
    let sum = 0.5362 * x;
    for (let k = 0; k < poles.length; k++) {
      state[k] = (poles[k] as number) * (state[k] as number) + (weights[k] as number) * x;
      sum += state[k] as number;
    }
    out[i] = sum;
  }
  return telephoneBand(out);
}

/** A resonance (two poles) of unit gain at its peak, as one formant or one mode of a body has. */
export function resonant(sound: Sound, hz: number, bandwidthHz: number, rateHz = 8000): Sound {
  const r = Math.exp((-Math.PI * bandwidthHz) / rateHz);
  const w = (2 * Math.PI * hz) / rateHz;
  const gain = (1 - r) * Math.sqrt(1 - 2 * r * Math.cos(2 * w) + r * r);
  let [y1, y2] = [0, 0];
  return sound.map((x) => {
    const y = gain * x + 2 * r * Math.cos(w) * y1 - r * r * y2;
    y2 = y1;
    y1 = y;
    return y;
  });
}
