import { Dice, samplesOfMs, type Sound } from './sound.js';

export interface Room {
  /** Time in which the reverberation falls by 60 dB. */
  readonly reverberationMs: number;
  /** Level of the direct sound over that of all reverberation. */
  readonly directDb: number;
}

/** What comes after two thirds of the reverberation lies 40 dB under its beginning. */
const HEARD = 2 / 3;

/**
 * A plausible room and no more: the direct sound, six early reflections, and after 20 ms noise under an
 * exponential envelope (J. D. Polack's model).
 */
export function roomResponse({ reverberationMs, directDb }: Room, purpose: string): Sound {
  const dice = new Dice(purpose);
  const response = new Float32Array(samplesOfMs(reverberationMs * HEARD));
  for (let i = 0; i < response.length; i++) {
    const late = i < samplesOfMs(20) ? 0.3 : 1;
    response[i] = late * dice.normal() * 10 ** ((-3 * i) / samplesOfMs(reverberationMs));
  }
  for (let k = 0; k < 6; k++) response[samplesOfMs(dice.between(2, 25))] = 4 * (1 - k / 8) * (dice.chance(0.5) ? 1 : -1);
  let energy = 0;
  response[0] = 0;
  for (const h of response) energy += h * h;
  response[0] = Math.sqrt(energy) * 10 ** (directDb / 20);
  return response;
}

/** The sound in that room, longer by the response. Costs samples times taps: for sounds of seconds. */
export function inRoom(sound: Sound, response: Sound): Sound {
  const out = new Float32Array(sound.length + response.length - 1);
  for (let i = 0; i < sound.length; i++) {
    const x = sound[i] as number;
    if (x === 0) continue;
    for (let k = 0; k < response.length; k++) out[i + k] = (out[i + k] as number) + x * (response[k] as number);
  }
  return out;
}
