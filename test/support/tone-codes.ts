/** Sound that says when it was sent: 100 ms of tone every 500 ms, the pitch of each telling which it is. */
const SLOT_MS = 500;
const TONE_MS = 100;
const SLOTS = 24;
const FRAME_MS = 20;
const LOUD = 1000;

const pitchHz = (slot: number): number => 400 + 100 * (((slot % SLOTS) + SLOTS) % SLOTS);

/** Writes what is to be sent at `wallMs` (10 ms at 48 kHz). */
export function writeCode(frame: Int16Array, wallMs: number): void {
  const hz = pitchHz(Math.floor(wallMs / SLOT_MS));
  const loud = wallMs % SLOT_MS < TONE_MS;
  for (let i = 0; i < frame.length; i++) frame[i] = loud ? Math.round(8000 * Math.sin((2 * Math.PI * hz * (wallMs * 48 + i)) / 48_000)) : 0;
}

/** Reads frames of 20 ms as they come, and tells of every tone how long it was on its way: within 12 s, to 20 ms. */
export class CodeReader {
  readonly #onTone: (delayMs: number) => void;
  #run = 0;
  #onsetMs = 0;

  constructor(onTone: (delayMs: number) => void) {
    this.#onTone = onTone;
  }

  read(frame: Int16Array, wallMs: number): void {
    let crossings = 0;
    let peak = 0;
    for (let i = 0; i < frame.length; i++) {
      const sample = frame[i] ?? 0;
      peak = Math.max(peak, Math.abs(sample));
      if (i > 0 && sample > 0 !== (frame[i - 1] ?? 0) > 0) crossings++;
    }
    this.#run = peak > LOUD ? this.#run + 1 : 0;
    if (this.#run === 1) this.#onsetMs = wallMs;
    // The third frame is tone from end to end.
    if (this.#run === 3) this.#onTone(this.#onsetMs - SLOT_MS * this.#slotOf((crossings * 1000) / FRAME_MS / 2));
  }

  /** The newest slot not after the onset whose pitch is the nearest. */
  #slotOf(hz: number): number {
    const newest = Math.floor(this.#onsetMs / SLOT_MS);
    let best = newest;
    for (let slot = newest; slot > newest - SLOTS; slot--) if (Math.abs(pitchHz(slot) - hz) < Math.abs(pitchHz(best) - hz)) best = slot;
    return best;
  }
}
