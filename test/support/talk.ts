import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Caller } from '../../bench/rig/caller.js';
import { likeness } from '../../bench/rig/likeness.js';
import { trimmed, voice } from '../../bench/rig/voices.js';
import { ROOT } from '../../voice-node/config.js';
import { createResampler } from '../../voice-node/dsp/resampler.js';
import { readWav } from '../../voice-node/dsp/wav.js';

export const LIMIT_MS = 20_000;
/** Louder is a voice, and no comfort noise. */
export const LOUD = 800;
/** Longer than the pauses between sentences. */
const QUIET_MS = 900;
/** Of a sound that came through the room some 0.9 of the waveform is left, of any other one at most 0.35 is found. */
export const IS_THERE = 0.5;

export const words = trimmed(voice('Front_Center'));
const msOf = (samples: Int16Array): number => samples.length / 48;

/** The recording that comes with the node, at 48 kHz: `en-back`, `en-goodbye` ... */
export function recorded(name: string): Int16Array {
  const { samples, rateHz } = readWav(readFileSync(join(ROOT, 'phrases', `${name}.wav`)), name);
  return createResampler({ fromHz: rateHz, toHz: 48_000 }).process(samples);
}

/** The longest silence inside of what was said, in ms. */
export function longestPauseMs(samples: Int16Array): number {
  let [longest, quietSince] = [0, Infinity];
  samples.forEach((sample, at) => {
    if (Math.abs(sample) <= LOUD) return;
    longest = Math.max(longest, at - quietSince);
    quietSince = at;
  });
  return longest / 48;
}

export interface Session {
  readonly room: string;
  readonly url: string;
  readonly token: string;
}

/** What was heard of one robot in one go. */
export interface Saying {
  readonly robot: string;
  readonly samples: Int16Array;
  /** On performance.now(). */
  readonly atMs: number;
  readonly endMs: number;
}

/** A caller in a session of his own, and what he hears of which robot. */
export class Talk {
  readonly caller = new Caller();
  readonly room: string;

  private constructor(room: string) {
    this.room = room;
  }

  /** Joins the session that a node has handed out, and waits until a robot can be heard. */
  static async join(session: Session): Promise<Talk> {
    const talk = new Talk(session.room);
    await talk.caller.join(session.url, session.token);
    return talk;
  }

  /** What is heard next: of all that robots say from the first sound on until all are quiet. */
  async listen(fromMs: number, limitMs = LIMIT_MS): Promise<readonly Saying[]> {
    const { heard, voices } = this.caller;
    const { atMs } = await heard.sound(fromMs, limitMs, LOUD);
    const endMs = await this.#quiet(atMs, limitMs);
    return [...voices].flatMap(([robot, recording]) => {
      const first = recording.frames.find((frame) => frame.atMs >= atMs && frame.atMs <= endMs && frame.peak > LOUD);
      return first === undefined ? [] : [{ robot, samples: recording.between(first.atMs - 400, endMs), atMs: first.atMs, endMs }];
    });
  }

  /** When nothing has been heard for a while: of a robot that has left not even silence comes. */
  async #quiet(fromMs: number, limitMs: number): Promise<number> {
    for (const byMs = performance.now() + limitMs; ; ) {
      const nowMs = performance.now();
      const quietMs = nowMs - (this.caller.heard.lastSound(fromMs, nowMs, LOUD)?.atMs ?? fromMs);
      if (quietMs >= QUIET_MS) return nowMs;
      if (nowMs > byMs) throw new Error(`no silence within ${limitMs} ms`);
      await pause(QUIET_MS - quietMs);
    }
  }

  /** Speaks and returns what is said from the end of that on. */
  async converse(samples = words): Promise<Saying> {
    const beganMs = await this.caller.say(samples);
    const [saying, ...others] = await this.listen(beganMs + msOf(samples));
    if (saying === undefined || others.length > 0) throw new Error(`expected one robot to answer, ${others.length + 1} did`);
    return saying;
  }

  /** Waits until somebody has said this from `fromMs` on. */
  async hears(phrase: Int16Array, fromMs: number, limitMs = LIMIT_MS): Promise<Saying> {
    const byMs = performance.now() + limitMs;
    for (let atMs = fromMs; ; ) {
      const sayings = await this.listen(atMs, Math.max(1, byMs - performance.now()));
      const found = sayings.find(({ samples }) => likeness(phrase, samples).waveform > IS_THERE);
      if (found !== undefined) return found;
      atMs = sayings.at(-1)?.endMs ?? atMs;
    }
  }

  /** Pairs of robots that were heard at the same time or by turns: there must be none. */
  get clashes(): readonly string[] {
    const spans = [...this.caller.voices].flatMap(([robot, { frames }]) => {
      const loud = frames.filter(({ peak }) => peak > LOUD);
      const [first, last] = [loud[0], loud.at(-1)];
      return first === undefined || last === undefined ? [] : [{ robot, fromMs: first.atMs, toMs: last.atMs }];
    });
    spans.sort((a, b) => a.fromMs - b.fromMs);
    return spans.slice(1).flatMap((span, i) => {
      const before = spans[i];
      return before !== undefined && span.fromMs < before.toMs ? [`${before.robot} and ${span.robot}`] : [];
    });
  }

  /** Who has been heard to say something, in their order. */
  get robots(): readonly string[] {
    return [...this.caller.voices].flatMap(([robot, { frames }]) => (frames.some(({ peak }) => peak > LOUD) ? [robot] : []));
  }

  leave(): Promise<void> {
    return this.caller.leave();
  }
}
