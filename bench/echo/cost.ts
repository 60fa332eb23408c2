import type { CallRateHz } from '../../voice-node/domain/audio.js';
import { EchoGuard } from '../../voice-node/hearing/echo-guard.js';
import type { Material } from './material.js';
import { makeScene } from './scene.js';

const SECONDS = 30;
const PASSES = 5;
const PLAYED = 480;

export interface Cost {
  readonly name: string;
  readonly us8: number;
  readonly us16: number;
}

/** CPU time of a frame, both of its calls of `played` included: the least of several passes, because others work here too. */
export function frameCost(material: Material): Cost[] {
  const scene = makeScene({ path: 'room', levelDb: -10, delayMs: 160 }, material, SECONDS, 1);
  const silence = new Int16Array(scene.wire.length);
  const best = (rateHz: CallRateHz, wire: Int16Array): number => {
    // At 16 kHz the same samples as twice as many frames: the work does not depend on what they say.
    const frame = rateHz / 50;
    const frames = Math.floor(Math.min(wire.length / (2 * PLAYED), scene.echoOnly.length / frame));
    let least = Infinity;
    for (let pass = 0; pass < PASSES; pass++) {
      const guard = new EchoGuard(rateHz);
      const before = process.cpuUsage();
      for (let i = 0; i < frames; i++) {
        guard.played(wire.subarray(2 * i * PLAYED, (2 * i + 1) * PLAYED));
        guard.played(wire.subarray((2 * i + 1) * PLAYED, (2 * i + 2) * PLAYED));
        guard.hear(scene.echoOnly.subarray(i * frame, (i + 1) * frame));
      }
      const { user, system } = process.cpuUsage(before);
      least = Math.min(least, (user + system) / frames);
    }
    return least;
  };
  return [
    { name: 'the robot speaks', us8: best(8000, scene.wire), us16: best(16_000, scene.wire) },
    { name: 'the robot is silent', us8: best(8000, silence), us16: best(16_000, silence) },
  ];
}

/** What the buffers of one guard take, in bytes: every typed array that can be reached from it, each memory once. */
export function guardBytes(rateHz: CallRateHz): number {
  const memories = new Set<ArrayBufferLike>();
  const seen = new Set<object>();
  const waiting: unknown[] = [new EchoGuard(rateHz)];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next !== 'object' || next === null || seen.has(next)) continue;
    seen.add(next);
    if (ArrayBuffer.isView(next)) memories.add(next.buffer);
    else waiting.push(...(Object.values(next) as unknown[]));
  }
  return [...memories].reduce((sum, memory) => sum + memory.byteLength, 0);
}
