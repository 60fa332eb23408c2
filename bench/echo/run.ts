import type { SpeechDetector } from '../../voice-node/domain/speech.js';
import type { EchoGuard, EchoView } from '../../voice-node/hearing/echo-guard.js';
import { Turns, turnOptions } from '../../voice-node/hearing/turns.js';
import type { Scene } from './scene.js';

const FRAME = 160;
const PLAYED = 480;

/** What the caller's stream looks like behind a guard; frames that never arrived stay silent. */
export function guarded(guard: EchoGuard, scene: Scene, near: Int16Array, look?: (view: EchoView, frame: number) => void): Int16Array {
  const clean = new Int16Array(near.length);
  let frame = 0;
  scene.arrivals.forEach((count, tick) => {
    for (const half of [0, 1]) guard.played(scene.wire.subarray((2 * tick + half) * PLAYED, (2 * tick + half + 1) * PLAYED));
    for (let i = 0; i < count; i++, frame++) {
      const view = guard.hear(near.subarray(frame * FRAME, (frame + 1) * FRAME));
      clean.set(view.clean, frame * FRAME);
      look?.(view, frame);
    }
  });
  return clean;
}

export function probabilities(detector: SpeechDetector, near: Int16Array): Float64Array {
  detector.reset();
  return Float64Array.from({ length: near.length / FRAME }, (_, frame) => detector.push(near.subarray(frame * FRAME, (frame + 1) * FRAME)));
}

/** Frames at which speech would begin by the rule that counts while the robot speaks. */
export function starts(detector: SpeechDetector, p: Float64Array): number[] {
  const turns = new Turns(detector.rule, turnOptions());
  turns.setRobotSpeaking(true);
  const found: number[] = [];
  p.forEach((value, frame) => {
    if (turns.push(value, frame * 20) === 'started') found.push(frame);
  });
  return found;
}

/** From each true onset to the arrival of the frame that reveals it, in ms; undefined where nothing does before its end. */
export function detections(detector: SpeechDetector, p: Float64Array, { spoken }: Scene): (number | undefined)[] {
  return spoken.map(({ beginMs, endMs }) => {
    const turns = new Turns(detector.rule, turnOptions());
    turns.setRobotSpeaking(true);
    for (let frame = Math.floor(beginMs / 20); frame * 20 < endMs; frame++) {
      if (turns.push(p[frame] ?? 0, frame * 20) === 'started') return (frame + 1) * 20 - beginMs;
    }
    return undefined;
  });
}
