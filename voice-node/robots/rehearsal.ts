import { MAX_TRACK_BYTES, readInside, type Listing } from './files.js';
import { decodeInPieces, type ReadAudio, type Sound } from './sounds.js';

/** Recordings of this many bytes are decoded on the spot: some 10 ms of work, which no call notices. */
const AT_ONCE_BYTES = 256 * 1024;

interface Rehearsed {
  readonly stamp: string;
  readonly sounds: Map<string, Sound>;
  done: boolean;
}

/**
 * Decodes the recordings of robots that have changed while calls go on: a second of sound at a time, with a pause
 * after each, because all calls would stand still for the while (about 3 ms for each second of sound).
 */
export class Rehearsal {
  readonly #readAudio: ReadAudio;
  readonly #pause: () => Promise<void>;
  readonly #byRobot = new Map<string, Rehearsed>();

  constructor(readAudio: ReadAudio, pause: () => Promise<void>) {
    this.#readAudio = readAudio;
    this.#pause = pause;
  }

  /**
   * The recordings that `readRobot` is to be given for this listing; undefined: they are still being decoded, ask
   * again. What could not be decoded is missing: its fault is found by reading.
   */
  soundsFor(robot: string, listing: Listing, known: ReadonlyMap<string, Sound>): ReadonlyMap<string, Sound> | undefined {
    const fresh = [...listing.stamps].filter(([file, stamp]) => file.endsWith('.wav') && known.get(file)?.stamp !== stamp);
    const bytes = fresh.reduce((sum, [file]) => sum + (listing.sizes.get(file) ?? 0), 0);
    if (bytes <= AT_ONCE_BYTES) return known;
    const begun = this.#byRobot.get(robot);
    if (begun?.stamp !== listing.stamp) {
      const rehearsed: Rehearsed = { stamp: listing.stamp, sounds: new Map(), done: false };
      this.#byRobot.set(robot, rehearsed);
      void this.#decode(robot, listing, fresh, rehearsed);
      return undefined;
    }
    if (!begun.done) return undefined;
    this.#byRobot.delete(robot);
    return new Map([...known, ...begun.sounds]);
  }

  /** The robot is gone. */
  forget(robot: string): void {
    this.#byRobot.delete(robot);
  }

  async #decode(robot: string, { folder }: Listing, fresh: readonly (readonly [file: string, stamp: string])[], rehearsed: Rehearsed): Promise<void> {
    for (const [file, stamp] of fresh) {
      try {
        const work = decodeInPieces(readInside(folder, file, MAX_TRACK_BYTES), file, this.#readAudio);
        for (;;) {
          await this.#pause();
          // It has changed once more: others are at it.
          if (this.#byRobot.get(robot) !== rehearsed) return;
          const step = work.next();
          if (step.done !== true) continue;
          rehearsed.sounds.set(file, { stamp, audio: step.value });
          break;
        }
      } catch {
        // Told by whoever reads the robot, with all its other faults.
      }
    }
    rehearsed.done = true;
  }
}
