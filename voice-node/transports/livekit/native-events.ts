/**
 * The two events of native code that come a hundred times a second for every call, read from their bytes without making
 * objects of them. Wire format: protobuf (protobuf.dev/programming-guides/encoding); fields as in livekit's
 * audio_frame.proto and ffi.proto.
 */

/** FfiEvent: its one field says what it is. */
const AUDIO_STREAM_EVENT = 4;
const CAPTURE_AUDIO_FRAME = 13;

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const TYPE_BITS = 7;

/** A frame of a caller; its samples lie in native memory at `dataPtr` until `handle` is dropped. */
export interface ReceivedFrame {
  readonly type: 'frame';
  readonly stream: number;
  readonly handle: number;
  readonly dataPtr: number;
  readonly channels: number;
  readonly samplesPerChannel: number;
}

/** The end of a track's stream. */
export interface StreamEnd {
  readonly type: 'end';
  readonly stream: number;
}

/** A frame of ours has been taken, or not. */
export interface FrameCaptured {
  readonly type: 'captured';
  readonly asyncId: number;
}

export type NativeAudioEvent = ReceivedFrame | StreamEnd | FrameCaptured;

/** What the bytes of an FfiEvent say; undefined for every other event, and for what cannot be read. Never throws. */
export function readAudioEvent(bytes: Uint8Array): NativeAudioEvent | undefined {
  const reader = new Reader(bytes);
  const field = reader.nextField();
  if (field === CAPTURE_AUDIO_FRAME) {
    const asyncId = new Reader(bytes, reader.begin, reader.end).numberAt(1);
    return asyncId === undefined ? undefined : { type: 'captured', asyncId };
  }
  if (field !== AUDIO_STREAM_EVENT) return undefined;
  const event = new Reader(bytes, reader.begin, reader.end);
  let stream: number | undefined;
  for (let inner = event.nextField(); inner !== 0; inner = event.nextField()) {
    if (inner === 1) stream = event.value;
    else if (stream === undefined) return undefined;
    else if (inner === 2) return readFrame(stream, new Reader(bytes, event.begin, event.end));
    else if (inner === 3) return { type: 'end', stream };
  }
  return undefined;
}

/** AudioFrameReceived { frame: OwnedAudioFrameBuffer { handle: { id }, info: { dataPtr, channels, rate, samples } } } */
function readFrame(stream: number, received: Reader): ReceivedFrame | undefined {
  const owned = received.messageAt(1);
  if (owned === undefined) return undefined;
  const handle = owned.copy().messageAt(1)?.numberAt(1);
  const info = owned.messageAt(2);
  if (handle === undefined || info === undefined) return undefined;
  const [dataPtr, channels, samplesPerChannel] = [info.copy().numberAt(1), info.copy().numberAt(2), info.numberAt(4)];
  if (dataPtr === undefined || channels === undefined || samplesPerChannel === undefined) return undefined;
  return { type: 'frame', stream, handle, dataPtr, channels, samplesPerChannel };
}

/** One message, field by field, each read once and in order. */
class Reader {
  readonly #bytes: Uint8Array;
  readonly #limit: number;
  #at: number;
  /** Of the field just read, where it is a number. Exact up to 2^53: native handles count from 1, addresses have 47 bits. */
  value = 0;
  /** Of the field just read, where it is a message. */
  begin = 0;
  end = 0;

  constructor(bytes: Uint8Array, at = 0, limit = bytes.length) {
    this.#bytes = bytes;
    this.#at = at;
    this.#limit = limit;
  }

  copy(): Reader {
    return new Reader(this.#bytes, this.#at, this.#limit);
  }

  /** The number of the next field that is a number or a message; 0 at the end, and where there is something else. */
  nextField(): number {
    if (this.#at >= this.#limit) return 0;
    const tag = this.#varint();
    const type = tag & TYPE_BITS;
    if (type !== VARINT && type !== LENGTH_DELIMITED) return 0;
    this.value = this.#varint();
    if (this.#at > this.#limit) return 0;
    if (type === LENGTH_DELIMITED) {
      this.begin = this.#at;
      this.end = this.#at + this.value;
      if (this.end > this.#limit) return 0;
      this.#at = this.end;
    }
    return tag >>> 3;
  }

  numberAt(field: number): number | undefined {
    return this.#seek(field) ? this.value : undefined;
  }

  messageAt(field: number): Reader | undefined {
    return this.#seek(field) ? new Reader(this.#bytes, this.begin, this.end) : undefined;
  }

  #seek(field: number): boolean {
    for (let next = this.nextField(); next !== 0; next = this.nextField()) if (next === field) return true;
    return false;
  }

  #varint(): number {
    let value = 0;
    for (let scale = 1; this.#at < this.#limit; scale *= 128) {
      const byte = this.#bytes[this.#at++] as number;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    this.#at = this.#limit + 1;
    return 0;
  }
}
