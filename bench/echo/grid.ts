import type { Half } from '../speech-set/format.js';
import type { Material } from './material.js';
import { PATHS } from './paths.js';
import { makeScene, type Scene } from './scene.js';

export const LEVELS_DB = [-10, -20, -30, -40] as const;
export const DELAYS_MS = [20, 80, 160, 250] as const;

/** An hour of robot speech with calls of 24 s. */
export const TAKES = 2;

/** Every path at every level and delay, `takes` times, each a call of its own: what a guard knows of one does not help it in the next. */
export function* grid(half: Half, material: Material, seconds: number, takes: number): Generator<Scene> {
  let seed = half === 'tune' ? 1000 : 2000;
  for (let take = 0; take < takes; take++) {
    for (const path of PATHS) {
      for (const levelDb of LEVELS_DB) {
        for (const delayMs of DELAYS_MS) yield makeScene({ path, levelDb, delayMs }, material, seconds, seed++);
      }
    }
  }
}
