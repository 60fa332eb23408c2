import OpusScript from 'opusscript';

const RATE_HZ = 48_000;
const PACKET_MS = 20;
const PACKET = (RATE_HZ / 1000) * PACKET_MS;
/** What browsers take for a mono voice. */
const BIT_RATE = 32_000;
/** OPUS_SET_DTX_REQUEST of opus_defines.h. */
const SET_DTX = 4016;
/** RFC 6716, 3.1 and opus_encode: a packet of up to two bytes needs not be sent. */
const UNSENT_BYTES = 2;

/** What the callers of bench/callers say: `Words` there. */
export interface OpusWords {
  readonly periodMs: number;
  /** So many packets, from the first on, are words. */
  readonly wordPackets: number;
  /** 20 ms each, in base64; empty where DTX sends none. */
  readonly packets: readonly string[];
}

/**
 * A voice (48 kHz, mono) and silence up to `periodMs`, as a WebRTC sender with DTX would send it: after the words a
 * packet of comfort noise every 400 ms. `periodMs` must be a multiple of 20 and longer than the voice.
 */
export function encodeWords(voice: Int16Array, periodMs: number): OpusWords {
  const packets = periodMs / PACKET_MS;
  if (!Number.isInteger(packets) || voice.length === 0 || voice.length >= packets * PACKET) {
    throw new Error(`encodeWords: expected a voice and a longer period in steps of ${PACKET_MS} ms, got ${voice.length} samples and ${periodMs} ms`);
  }
  const encoder = new OpusScript(RATE_HZ, 1, OpusScript.Application.VOIP);
  try {
    encoder.setBitrate(BIT_RATE);
    encoder.encoderCTL(SET_DTX, 1);
    const encoded = Array.from({ length: packets }, (_, i) => {
      const samples = new Int16Array(PACKET);
      samples.set(voice.subarray(Math.min(i * PACKET, voice.length), (i + 1) * PACKET));
      const packet = encoder.encode(Buffer.from(samples.buffer), PACKET);
      return packet.length > UNSENT_BYTES ? packet.toString('base64') : '';
    });
    return { periodMs, wordPackets: Math.ceil(voice.length / PACKET), packets: encoded };
  } finally {
    encoder.delete();
  }
}
