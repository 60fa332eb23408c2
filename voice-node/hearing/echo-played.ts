import { FRAME_MS, PLAYOUT_FRAME_SAMPLES, WIRE_RATE_HZ, type CallRateHz } from '../domain/audio.js';
import type { FarSpectra } from '../dsp/echo-far.js';
import { createResampler, type Resampler } from '../dsp/resampler.js';

/** After this many silent pieces the resampler has rung out, and silence need not go through it. */
const RUNG_OUT = 12;

/** The way of what is played from the wire to the far end's spectra: resampled, cut into frames. Allocates nothing. */
export class PlayedSound {
  private readonly far: FarSpectra;
  private readonly resampler: Resampler<Int16Array>;
  private readonly resampled: Int16Array;
  private readonly frame: Int16Array;
  private filled = 0;
  private silent = RUNG_OUT;
  private loud = false;

  constructor(far: FarSpectra, rateHz: CallRateHz) {
    this.far = far;
    this.resampler = createResampler({ fromHz: WIRE_RATE_HZ, toHz: rateHz });
    this.resampled = new Int16Array(this.resampler.maxOutputSamples(PLAYOUT_FRAME_SAMPLES));
    this.frame = new Int16Array((rateHz * FRAME_MS) / 1000);
  }

  /** Takes the next piece at 48 kHz, borrowed. */
  push(piece: Int16Array): void {
    if (piece.length <= PLAYOUT_FRAME_SAMPLES) this.pushShort(piece);
    else for (let at = 0; at < piece.length; at += PLAYOUT_FRAME_SAMPLES) this.pushShort(piece.subarray(at, at + PLAYOUT_FRAME_SAMPLES));
  }

  private pushShort(piece: Int16Array): void {
    this.silent = isSilent(piece) ? this.silent + 1 : 0;
    if (this.silent > RUNG_OUT && piece.length === PLAYOUT_FRAME_SAMPLES) {
      this.take(undefined, this.resampled.length);
    } else {
      this.take(this.resampled, this.resampler.processInto(piece, this.resampled));
    }
  }

  reset(): void {
    this.resampler.reset();
    this.filled = 0;
    this.silent = RUNG_OUT;
    this.loud = false;
  }

  private take(samples: Int16Array | undefined, count: number): void {
    const { frame } = this;
    for (let i = 0; i < count; i++) {
      const x = samples === undefined ? 0 : (samples[i] as number);
      frame[this.filled++] = x;
      if (x !== 0) this.loud = true;
      if (this.filled < frame.length) continue;
      if (this.loud) this.far.push(frame);
      else this.far.skip();
      this.filled = 0;
      this.loud = false;
    }
  }
}

function isSilent(samples: Int16Array): boolean {
  for (let i = 0; i < samples.length; i++) if (samples[i] !== 0) return false;
  return true;
}
