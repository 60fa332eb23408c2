import { AudioStream, type RemoteTrack } from '@livekit/rtc-node';
import { FRAME_MS, WIRE_RATE_HZ } from '../../domain/audio.js';
import type { Clock } from '../../domain/clock.js';
import { messageOf } from '../../domain/errors.js';
import type { Log } from '../../domain/observer.js';
import { InboundGate } from './inbound-gate.js';
import { hasNativeAudio, listenToTrack, type FrameListener } from './native-audio.js';

/**
 * Native code delivers 50 frames a second whatever arrives. Where none came for so long, the process stood still.
 */
const STALL_MS = 500;

export interface CallerAudioSink {
  audio(samples: Int16Array): void;
  /** Frames that came too late and were thrown away. */
  dropped(frames: number): void;
  /** The process stood still. Nothing more is delivered from this track: it would be the past. At most once. */
  stalled(forMs: number): void;
}

/** Reads one track, frame by frame, until it is closed. One track is read by one instance at a time. */
export class CallerAudio {
  readonly trackSid: string | undefined;
  readonly #clock: Clock;
  readonly #sink: CallerAudioSink;
  readonly #gate = new InboundGate();
  readonly #stop: () => void;
  #lastMs: number | undefined;
  #stalled = false;
  #closed = false;

  constructor(track: RemoteTrack, clock: Clock, log: Log, sink: CallerAudioSink) {
    this.trackSid = track.sid;
    this.#clock = clock;
    this.#sink = sink;
    const ended = (error?: unknown): void => {
      if (!this.#closed && error !== undefined) log.warn({ error: messageOf(error) }, 'reading the caller ended');
      this.close();
    };
    const listener: FrameListener = { frame: (samples) => this.#hear(samples, ended), ended };
    this.#stop = hasNativeAudio() ? listenToTrack(track, FRAME_MS, listener) : readByLibrary(track, listener, ended);
  }

  /** Idempotent; the native stream is freed. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stop();
  }

  #hear(samples: Int16Array, ended: (error: unknown) => void): void {
    if (this.#closed) return;
    try {
      this.#admit(samples);
    } catch (error) {
      // Below are native code's callbacks: what is thrown there ends the process, and every call with it.
      ended(error);
    }
  }

  #admit(samples: Int16Array): void {
    const nowMs = this.#clock.nowMs();
    const gapMs = nowMs - (this.#lastMs ?? nowMs);
    this.#lastMs = nowMs;
    if (gapMs >= STALL_MS && !this.#stalled) {
      this.#stalled = true;
      this.#sink.stalled(gapMs);
    }
    const durationMs = (samples.length / WIRE_RATE_HZ) * 1000;
    if (!this.#stalled && this.#gate.admit(durationMs, nowMs)) this.#sink.audio(samples);
    else this.#sink.dropped(1);
  }
}

/** By rtc-node's own way, where the short one is not installed. */
function readByLibrary(track: RemoteTrack, listener: FrameListener, failed: (error: unknown) => void): () => void {
  const reader = new AudioStream(track, { sampleRate: WIRE_RATE_HZ, numChannels: 1, frameSizeMs: FRAME_MS }).getReader();
  const read = async (): Promise<void> => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return listener.ended();
      listener.frame(value.data);
    }
  };
  read().catch(failed);
  return () => void reader.cancel().catch(() => undefined);
}
