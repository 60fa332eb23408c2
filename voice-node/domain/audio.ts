/** Sample rates a call may be heard at: telephone band or wide band. */
export type CallRateHz = 8000 | 16000;

/** Length of the frames that hearing works in. 160 samples at 8 kHz, 320 at 16 kHz. */
export const FRAME_MS = 20;

/** The rate on the wire in both directions: Opus in WebRTC always runs at 48 kHz. */
export const WIRE_RATE_HZ = 48_000;

/** Length of the frames handed to the transport. An AudioSource without a queue takes exactly 10 ms. */
export const PLAYOUT_FRAME_MS = 10;

/** 10 ms at 48 kHz. */
export const PLAYOUT_FRAME_SAMPLES = (WIRE_RATE_HZ / 1000) * PLAYOUT_FRAME_MS;

/** Mono int16 audio with its rate. `samples` belongs to whoever receives it. */
export interface Audio {
  readonly samples: Int16Array;
  readonly rateHz: number;
}
