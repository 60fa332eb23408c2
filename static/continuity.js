// @ts-check

import { ClockMap } from './clock-map.js';

/** @import { CallerEvent } from '../voice-node/domain/events.js' */

/** A robot's time that is this far behind has begun anew; less is the way of a packet. */
const ANEW_MS = 500;

/**
 * Makes one call of what several robots tell of it. One that takes up the call of a dead one counts turns, replies and
 * time from the beginning again; one that has only lost its line goes on counting. On the page no two turns may have
 * the same number, and time goes on.
 */
export class Continuity {
  #turns = new Count();
  #replies = new Count();
  #clock = new ClockMap();
  /** Page time minus time of the call, as the robot before told it; null while the robot is the same. */
  #beforeMs = /** @type {number | null} */ (null);
  #shiftMs = 0;

  /** What comes from now on comes from another robot. */
  replaced() {
    this.#turns.isNew = true;
    this.#replies.isNew = true;
    this.#beforeMs = this.#clock.offsetMs ?? this.#beforeMs;
    this.#clock = new ClockMap();
  }

  /**
   * @param {CallerEvent} sent
   * @param {number} arrivedMs page time
   * @returns {CallerEvent} with the call's numbers and times
   */
  apply(sent, arrivedMs) {
    const event = { ...sent };
    if (this.#beforeMs !== null) {
      const nowMs = arrivedMs - this.#beforeMs;
      if (nowMs - (event.atMs + this.#shiftMs) > ANEW_MS) this.#shiftMs = nowMs - event.atMs;
      this.#beforeMs = null;
    }
    event.atMs += this.#shiftMs;
    this.#clock.observe(event.atMs, arrivedMs);
    if ('onsetMs' in event) event.onsetMs += this.#shiftMs;
    if ('offsetMs' in event) event.offsetMs += this.#shiftMs;
    if ('marksMs' in event) event.marksMs = Object.fromEntries(Object.entries(event.marksMs).map(([mark, ms]) => [mark, ms + this.#shiftMs]));
    if ('turn' in event && event.turn !== undefined) event.turn = this.#turns.of(event.turn, event.type === 'speech_started');
    if ('reply' in event) event.reply = this.#replies.of(event.reply, true);
    return event;
  }
}

class Count {
  /** Whether the next number that is new tells how this robot counts. */
  isNew = false;
  #base = 0;
  #highest = 0;

  /**
   * @param {number} number as the robot counts
   * @param {boolean} begins whether it is told first with this event
   */
  of(number, begins) {
    if (this.isNew && begins) {
      this.isNew = false;
      // Whoever goes on counting begins above all that was counted.
      if (this.#base + number <= this.#highest) this.#base = this.#highest;
    }
    this.#highest = Math.max(this.#highest, this.#base + number);
    return this.#base + number;
  }
}
