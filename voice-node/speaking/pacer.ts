import type { MonotonicMs } from '../domain/time.js';
import { monotonicMs } from '../domain/time.js';

/** What a tick is to do. */
export interface Due {
  /** Packets to send now: 0 when called early, 1 on time, more when catching up. */
  packets: number;
  /** True where the tick came late by a packet or more. */
  late: boolean;
  /** Packets of time that were given up because the stall was longer than the bound. */
  skipped: number;
}

/**
 * Decides how many packets are due; neither a timer nor a sender. Packet k is due at epoch + k * packetMs.
 *
 * A tick that comes late sends what is due up to `maxCatchUp` packets, so a short stall is repaired inside the
 * receiver's jitter buffer. After a longer one the schedule moves instead: a burst of old packets would only
 * fill that buffer and make everything after it late.
 */
export class Pacer {
  readonly #packetMs: number;
  readonly #maxCatchUp: number;
  readonly #due: Due = { packets: 0, late: false, skipped: 0 };
  #epochMs: number | undefined;
  #sent = 0;

  constructor(packetMs: number, maxCatchUp: number) {
    this.#packetMs = packetMs;
    this.#maxCatchUp = maxCatchUp;
  }

  /** When the next packet is due; undefined before the first tick. */
  get nextMs(): MonotonicMs | undefined {
    return this.#epochMs === undefined ? undefined : monotonicMs(this.#epochMs + this.#sent * this.#packetMs);
  }

  /** The result is reused by the next call. Allocates nothing. */
  tick(nowMs: MonotonicMs): Due {
    const due = this.#due;
    due.late = false;
    due.skipped = 0;
    this.#epochMs ??= nowMs;
    const owed = Math.floor((nowMs - this.#epochMs) / this.#packetMs) + 1 - this.#sent;
    if (owed <= 0) {
      due.packets = 0;
      return due;
    }
    due.late = owed > 1;
    due.packets = Math.min(owed, this.#maxCatchUp);
    if (owed > this.#maxCatchUp) {
      due.skipped = owed - this.#maxCatchUp;
      this.#epochMs += due.skipped * this.#packetMs;
    }
    this.#sent += due.packets;
    return due;
  }

  /** One packet was sent ahead of its time (the fade of a cut): its slot is used up. */
  countAhead(): void {
    this.#sent++;
  }
}
