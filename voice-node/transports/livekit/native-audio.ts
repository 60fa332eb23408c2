import bindings from '@livekit/rtc-ffi-bindings';
import type { AudioSource, RemoteTrack } from '@livekit/rtc-node';
import { PLAYOUT_FRAME_SAMPLES, WIRE_RATE_HZ } from '../../domain/audio.js';
import { VoiceNodeError } from '../../domain/errors.js';
import { readAudioEvent, type ReceivedFrame } from './native-events.js';

/**
 * A short way for audio between native code and us. rtc-node 1.1 makes a protobuf object of every event, a promise, a
 * listener and a timer of every frame that is sent, and hands every event of every room to every room, where each waits
 * for a lock: with n rooms n times n of them, two hundred times a second. Here one listener per process reads the events
 * of audio from their bytes and gives each to the one whom it concerns; everything else goes on to rtc-node.
 */

export interface FrameListener {
  /** 16 bit, mono, at the rate that was asked for. The listener may keep it. */
  frame(samples: Int16Array): void;
  /** Nothing more will come. */
  ended(): void;
}

/** By the handle of the native stream. */
const listeners = new Map<number, FrameListener>();
/** Streams that were closed, the newest: what is still on its way from them has to be freed. */
const closed = new Set<number>();
const MAX_CLOSED = 1000;
/** By the number under which native code says that a frame has been taken. */
const senders = new Map<number, () => void>();
/** Native code counts its own from 1; ours are out of its way. */
const FIRST_ASYNC_ID = 2 ** 48;
let asyncIds = FIRST_ASYNC_ID;
const hooked = new WeakSet<object>();
let installed = false;

/**
 * Stands between native code and rtc-node from now on. Before rtc-node is used for the first time in this process:
 * later it has no effect. Idempotent.
 */
export function installNativeAudio(): void {
  const { livekitInitialize } = bindings;
  if (hooked.has(livekitInitialize)) return;
  const initialize: typeof livekitInitialize = (callback, ...rest) => {
    installed = true;
    livekitInitialize((bytes: Uint8Array) => {
      if (!take(bytes)) callback(bytes);
    }, ...rest);
  };
  hooked.add(initialize);
  bindings.livekitInitialize = initialize;
}

/** Whether events pass through here: rtc-node has been used in this process, and not before `installNativeAudio`. */
export const hasNativeAudio = (): boolean => installed;

function take(bytes: Uint8Array): boolean {
  const event = readAudioEvent(bytes);
  if (event === undefined) return false;
  if (event.type === 'captured') {
    const settled = senders.get(event.asyncId);
    settled?.();
    return settled !== undefined || event.asyncId >= FIRST_ASYNC_ID;
  }
  const listener = listeners.get(event.stream);
  if (listener === undefined && !closed.has(event.stream)) return false;
  if (event.type === 'frame') {
    if (listener !== undefined) listener.frame(samplesOf(event));
    new bindings.FfiHandle(BigInt(event.handle)).dispose();
  } else listener?.ended();
  return true;
}

function samplesOf({ dataPtr, channels, samplesPerChannel }: ReceivedFrame): Int16Array {
  const bytes = bindings.livekitCopyBuffer(BigInt(dataPtr), channels * samplesPerChannel * Int16Array.BYTES_PER_ELEMENT);
  return new Int16Array(bytes.buffer, bytes.byteOffset, channels * samplesPerChannel);
}

function close(stream: number): void {
  listeners.delete(stream);
  closed.add(stream);
  const [oldest] = closed;
  if (closed.size > MAX_CLOSED && oldest !== undefined) closed.delete(oldest);
}

/**
 * Reads a track from now on, in frames of `frameMs`, 48 kHz mono, until the function returned is called.
 *
 * @throws VoiceNodeError `transport_lost` where native code has no such track any more
 */
export function listenToTrack(track: RemoteTrack, frameMs: number, listener: FrameListener): () => void {
  const trackHandle = (track as unknown as { ffi_handle: { handle: bigint } }).ffi_handle.handle;
  const request = new bindings.NewAudioStreamRequest({ trackHandle, type: bindings.AudioStreamType.AUDIO_STREAM_NATIVE, sampleRate: WIRE_RATE_HZ, numChannels: 1, frameSizeMs: frameMs });
  const bytes = bindings.livekitFfiRequest(new bindings.FfiRequest({ message: { case: 'newAudioStream', value: request } }).toBinary());
  const { message } = bindings.FfiResponse.fromBinary(bytes);
  const id = message.case === 'newAudioStream' ? message.value.stream?.handle?.id : undefined;
  if (id === undefined) throw new VoiceNodeError('transport_lost', 'native code has no stream for the track');
  const handle = new bindings.FfiHandle(id);
  listeners.set(Number(id), listener);
  return () => {
    if (!listeners.has(Number(id))) return;
    close(Number(id));
    handle.dispose();
  };
}

/** Sends frames of PLAYOUT_FRAME_SAMPLES at 48 kHz, mono, always from the same buffer, by always the same request. */
export class FrameSender {
  readonly #samples = new Int16Array(new ArrayBuffer(PLAYOUT_FRAME_SAMPLES * Int16Array.BYTES_PER_ELEMENT));
  readonly #request: Uint8Array;
  readonly #asyncId = ++asyncIds;

  /** @param settled for every frame sent, once native code has done with it */
  constructor(source: AudioSource, settled: () => void) {
    const sourceHandle = (source as unknown as { ffiHandle: { handle: bigint } }).ffiHandle.handle;
    const dataPtr = bindings.livekitRetrievePtr(new Uint8Array(this.#samples.buffer));
    const buffer = new bindings.AudioFrameBufferInfo({ dataPtr, sampleRate: WIRE_RATE_HZ, numChannels: 1, samplesPerChannel: PLAYOUT_FRAME_SAMPLES });
    const value = new bindings.CaptureAudioFrameRequest({ sourceHandle, buffer, requestAsyncId: BigInt(this.#asyncId) });
    this.#request = new bindings.FfiRequest({ message: { case: 'captureAudioFrame', value } }).toBinary();
    senders.set(this.#asyncId, settled);
  }

  /** Native code copies the samples before this returns. */
  send(samples: Int16Array): void {
    this.#samples.set(samples);
    bindings.livekitFfiRequest(this.#request);
  }

  /** What is still under way settles unheard. Idempotent. */
  close(): void {
    senders.delete(this.#asyncId);
  }
}
