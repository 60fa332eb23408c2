import { joinSamples } from '../../voice-node/dsp/join.js';

/** Louder than this is sound: -50 dBFS. Opus leaves less than that of silence. */
export const SOUND_PEAK = 100;

export interface HeardFrame {
  readonly atMs: number;
  readonly samples: Int16Array;
  readonly peak: number;
}

/** What a caller heard: frames with the moment each one came. */
export class Recording {
  readonly frames: HeardFrame[] = [];
  readonly #waiting = new Set<(frame: HeardFrame) => void>();

  push(samples: Int16Array, atMs: number): HeardFrame {
    let peak = 0;
    for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
    return this.add({ atMs, samples: samples.slice(), peak });
  }

  /** A frame that another recording has taken down. */
  add(frame: HeardFrame): HeardFrame {
    this.frames.push(frame);
    for (const listener of this.#waiting) listener(frame);
    return frame;
  }

  /** The first frame after `afterMs` that is louder than `peak`. Rejects after `limitMs`. */
  sound(afterMs: number, limitMs: number, peak = SOUND_PEAK): Promise<HeardFrame> {
    return this.#first((frame) => frame.atMs > afterMs && frame.peak > peak, limitMs, 'sound');
  }

  /** The end of `quietMs` of silence after `afterMs`. Rejects after `limitMs`. */
  silence(afterMs: number, quietMs: number, limitMs: number, peak = SOUND_PEAK): Promise<HeardFrame> {
    let since: number | undefined;
    return this.#first(
      (frame) => {
        if (frame.atMs <= afterMs) return false;
        if (frame.peak > peak) since = undefined;
        else since ??= frame.atMs;
        return since !== undefined && frame.atMs - since >= quietMs;
      },
      limitMs,
      'silence',
    );
  }

  /** The last frame louder than `peak` between two moments. */
  lastSound(fromMs: number, toMs: number, peak = SOUND_PEAK): HeardFrame | undefined {
    return this.frames.findLast((frame) => frame.atMs >= fromMs && frame.atMs <= toMs && frame.peak > peak);
  }

  between(fromMs: number, toMs: number): Int16Array {
    const parts = this.frames.filter((frame) => frame.atMs >= fromMs && frame.atMs <= toMs);
    return joinSamples(parts.map(({ samples }) => samples));
  }

  #first(matches: (frame: HeardFrame) => boolean, limitMs: number, what: string): Promise<HeardFrame> {
    for (const frame of this.frames) if (matches(frame)) return Promise.resolve(frame);
    return new Promise((resolve, reject) => {
      const listener = (frame: HeardFrame): void => {
        if (!matches(frame)) return;
        clearTimeout(timer);
        this.#waiting.delete(listener);
        resolve(frame);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(listener);
        reject(new Error(`no ${what} within ${limitMs} ms`));
      }, limitMs);
      this.#waiting.add(listener);
    });
  }
}
