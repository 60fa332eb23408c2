// @ts-check

/**
 * How it stands with the robot:
 * - `here`: it has come, or come back;
 * - `replaced`: another one has come in its place;
 * - `away`: it is not there at the moment;
 * - `missed`: it was cut off and is expected back;
 * - `left`: it went of its own accord;
 * - `lost`: it was cut off and has not come back;
 * - `absent`: there never was one.
 * @typedef {'here' | 'replaced' | 'away' | 'missed' | 'left' | 'lost' | 'absent'} Presence
 */

/** A robot comes within a second; nobody should have to wait for more without a word. */
const ABSENT_AFTER_MS = 10_000;

/** Another process has taken up the call within half a second: no need to alarm anybody before. */
const MISSED_AFTER_MS = 800;

/** Another node takes up the call when the lease of the dead one is over, after 6 s, and some more to get there. */
const LOST_AFTER_MS = 20_000;

/** One that makes its line anew leaves the old one in good order, and is back by then. */
const LEFT_AFTER_MS = 2000;

/**
 * Watches over the robot of one call, over however many lines. Processes die and others take their calls up: that a
 * robot is gone says nothing yet.
 */
export class RobotWatch {
  #tell;
  /** @type {string | null} which one was here last */
  #last = null;
  #here = false;
  /** @type {ReturnType<typeof setTimeout>[]} */
  #timers = [];

  /** @param {(presence: Presence) => void} tell */
  constructor(tell) {
    this.#tell = tell;
  }

  /** @param {string} sid the participant's, unique for each time that one joins */
  came(sid) {
    this.#clear();
    if (this.#here && this.#last === sid) return;
    const presence = this.#last === null || this.#last === sid ? 'here' : 'replaced';
    this.#last = sid;
    this.#here = true;
    this.#tell(presence);
  }

  /** @param {boolean} ofItsOwn whether it hung up */
  went(ofItsOwn) {
    this.#clear();
    this.#away();
    if (ofItsOwn) return this.#later(LEFT_AFTER_MS, 'left');
    this.#later(MISSED_AFTER_MS, 'missed');
    this.#later(LOST_AFTER_MS, 'lost');
  }

  /** We are in the room, and there is no robot. */
  awaited() {
    if (this.#last !== null) return this.went(false);
    this.#clear();
    this.#later(ABSENT_AFTER_MS, 'absent');
  }

  /** Our own line is down: what cannot be seen is not judged. */
  pause() {
    this.#clear();
  }

  /** Our own line is gone, and the robot with it. */
  lineLost() {
    this.#clear();
    this.#away();
  }

  #away() {
    if (!this.#here) return;
    this.#here = false;
    this.#tell('away');
  }

  /**
   * @param {number} afterMs
   * @param {Presence} presence
   */
  #later(afterMs, presence) {
    this.#timers.push(setTimeout(() => this.#tell(presence), afterMs));
  }

  #clear() {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
  }
}
