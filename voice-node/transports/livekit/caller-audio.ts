import { AudioStream, type RemoteTrack } from '@livekit/rtc-node';
import { FRAME_MS, WIRE_RATE_HZ } from '../../domain/audio.js';
import type { Clock } from '../../domain/clock.js';
import { messageOf } from '../../domain/errors.js';
import type { Log } from '../../domain/observer.js';
import { InboundGate } from './inbound-gate.js';

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
  readonly #reader: ReadableStreamDefaultReader<{ data: Int16Array }>;
  #closed = false;

  constructor(track: RemoteTrack, clock: Clock, log: Log, sink: CallerAudioSink) {
    this.trackSid = track.sid;
    const stream = new AudioStream(track, { sampleRate: WIRE_RATE_HZ, numChannels: 1, frameSizeMs: FRAME_MS });
    this.#reader = stream.getReader();
    this.#read(clock, sink).catch((error: unknown) => {
      if (!this.#closed) log.warn({ error: messageOf(error) }, 'reading the caller ended');
    });
  }

  /** Idempotent; the native stream is freed. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#reader.cancel().catch(() => undefined);
  }

  async #read(clock: Clock, sink: CallerAudioSink): Promise<void> {
    const gate = new InboundGate();
    let stalled = false;
    for (let lastMs: number | undefined; ; ) {
      const { done, value } = await this.#reader.read();
      if (done || this.#closed) return;
      const nowMs = clock.nowMs();
      const gapMs = nowMs - (lastMs ?? nowMs);
      lastMs = nowMs;
      if (gapMs >= STALL_MS && !stalled) {
        stalled = true;
        sink.stalled(gapMs);
      }
      const durationMs = (value.data.length / WIRE_RATE_HZ) * 1000;
      if (!stalled && gate.admit(durationMs, nowMs)) sink.audio(value.data);
      else sink.dropped(1);
    }
  }
}
