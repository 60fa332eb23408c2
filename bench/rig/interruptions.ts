import { Caller } from './caller.js';
import type { NoisyRoom } from './noisy-room.js';
import type { NodeProcess } from './node-process.js';
import { sentence, trimmed, voice } from './voices.js';

export interface Interruption {
  /** From the interrupting voice's first audible packet leaving the caller to the last sound of the old echo in his ear. */
  readonly stopMs: number;
  /** Loudest sample of anything that came between the stop and the answer to the interruption. */
  readonly laterPeak: number;
}

const ANSWER_LIMIT_MS = 20_000;
/** Within the reply, at least this long after its first sound. */
const EARLIEST_MS = 300;
const SPREAD_MS = 900;
/** Opus and the fade ring a little; nothing of a voice is below this. */
const GRACE_MS = 60;

/**
 * Interrupts the echo of one utterance with another, `count` times, as a caller: A is spoken, its echo begins,
 * B is spoken over it. Measured at the caller's ear on the caller's clock alone.
 */
export async function interrupt(node: NodeProcess, count: number, random: () => number, room?: NoisyRoom): Promise<Interruption[]> {
  const session = await node.createSession('echo');
  const caller = new Caller(10, room);
  const long = sentence(['Front_Center', 'Front_Left', 'Rear_Right', 'Side_Left'], 60);
  const second = trimmed(voice('Rear_Left'));
  const results: Interruption[] = [];
  try {
    await caller.join(session.url, session.token);
    for (let i = 0; i < count; i++) {
      const beganMs = await caller.say(long);
      // What is heard after the whole of A was said is its echo.
      const echo = await caller.heard.sound(beganMs + (long.length / 48_000) * 1000, ANSWER_LIMIT_MS, 1000);
      await wait(EARLIEST_MS + random() * SPREAD_MS);
      await caller.heard.sound(performance.now() - 15, 2000, 2000);
      const interruptedMs = await caller.say(second);
      if (interruptedMs < echo.atMs) throw new Error('interrupted before the echo began');
      const quiet = await caller.heard.silence(interruptedMs, 250, ANSWER_LIMIT_MS);
      const stoppedMs = caller.heard.lastSound(interruptedMs, quiet.atMs)?.atMs ?? interruptedMs;
      const answer = await caller.heard.sound(quiet.atMs, ANSWER_LIMIT_MS, 1000);
      const between = caller.heard.between(stoppedMs + GRACE_MS, answer.atMs - 100);
      let laterPeak = 0;
      for (const sample of between) laterPeak = Math.max(laterPeak, Math.abs(sample));
      results.push({ stopMs: stoppedMs - interruptedMs, laterPeak });
      await caller.heard.silence(answer.atMs + (second.length / 48_000) * 1000 - 200, 900, ANSWER_LIMIT_MS);
    }
  } finally {
    await caller.leave();
  }
  return results;
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
