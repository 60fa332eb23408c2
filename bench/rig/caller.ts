import {
  AudioFrame,
  AudioSource,
  AudioStream,
  LocalAudioTrack,
  Room,
  RoomEvent,
  TrackKind,
  TrackPublishOptions,
  TrackSource,
  type RemoteTrack,
} from '@livekit/rtc-node';
import { AccessToken } from 'livekit-server-sdk';
import type { NoisyRoom } from './noisy-room.js';
import { Recording } from './recording.js';
import type { LiveKitAddress } from './node-process.js';

const FRAME = 480;
const PACKET_MS = 20;
const LEAVE_LIMIT_MS = 3000;

/** A token for a room; `kind` agent for what the page is to take for its robot. */
export function callerToken(liveKit: LiveKitAddress, identity: string, room: string, kind: 'standard' | 'agent' = 'standard'): Promise<string> {
  const token = new AccessToken(liveKit.apiKey, liveKit.apiSecret, { identity });
  token.kind = kind;
  token.addGrant({ room, roomJoin: true, canPublish: true, canSubscribe: true });
  return token.toJwt();
}

interface Speech {
  readonly samples: Int16Array;
  at: number;
  /** Sample from which on the voice is audible. */
  readonly onset: number;
  readonly begun: (atMs: number) => void;
}

/**
 * A caller by rtc-node, as good as one can be: sends 20 ms packets without pause and without a queue, and
 * keeps every frame it hears with the moment it came.
 */
export class Caller {
  readonly heard = new Recording();
  /** The same, by who said it: the identities of those whose track he has heard. */
  readonly voices = new Map<string, Recording>();
  readonly events: { readonly type: string; readonly [field: string]: unknown }[] = [];
  readonly room = new Room();
  readonly #source = new AudioSource(48_000, 1, 0);
  readonly #queue: Speech[] = [];
  #sent = 0;
  #beginMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #failed = 0;
  #subscribed: Promise<void>;
  readonly #frameMs: number;

  readonly #surroundings: NoisyRoom | undefined;

  /** `frameMs`: how finely arrival is timed; 20 costs half as much where there are many callers. */
  constructor(frameMs: 10 | 20 = 10, surroundings?: NoisyRoom) {
    this.#frameMs = frameMs;
    this.#surroundings = surroundings;
    const decoder = new TextDecoder();
    this.room.on(RoomEvent.DataReceived, (payload, _participant, _kind, topic) => {
      if (topic === 'voice-node') this.events.push(JSON.parse(decoder.decode(payload)) as { type: string });
    });
    this.#subscribed = new Promise((resolve) => {
      this.room.on(RoomEvent.TrackSubscribed, (track, _publication, { identity }) => {
        if (track.kind !== TrackKind.KIND_AUDIO) return;
        // A track that is gone again before it can be read: after a break rtc-node still tells of those.
        this.#listen(track, identity).catch(() => undefined);
        resolve();
      });
    });
  }

  /** Joins, publishes the microphone and waits until someone's track can be heard. */
  async join(url: string, token: string, waitForTrack = true): Promise<void> {
    await this.room.connect(url, token, { autoSubscribe: true, dynacast: false });
    const track = LocalAudioTrack.createAudioTrack('microphone', this.#source);
    const options = new TrackPublishOptions();
    options.source = TrackSource.SOURCE_MICROPHONE;
    await this.room.localParticipant?.publishTrack(track, options);
    this.#beginMs = performance.now();
    this.#pace();
    if (waitForTrack) await this.#subscribed;
  }

  /** Speaks after whatever is being spoken; resolves with the moment the first audible packet was handed over. */
  say(samples: Int16Array, onset = 0): Promise<number> {
    return new Promise((begun) => this.#queue.push({ samples, at: 0, onset, begun }));
  }

  /** Frames that rtc-node refused. */
  get failedFrames(): number {
    return this.#failed;
  }

  async leave(): Promise<void> {
    clearTimeout(this.#timer);
    // rtc-node waits for ever for a server that is gone.
    await Promise.race([this.room.disconnect(), new Promise((resolve) => setTimeout(resolve, LEAVE_LIMIT_MS))]);
    await this.#source.close();
  }

  async #listen(track: RemoteTrack, identity: string): Promise<void> {
    const voice = this.voices.get(identity) ?? new Recording();
    this.voices.set(identity, voice);
    for await (const frame of new AudioStream(track, { sampleRate: 48_000, numChannels: 1, frameSizeMs: this.#frameMs })) {
      voice.add(this.heard.push(frame.data, performance.now()));
      this.#surroundings?.play(frame.data);
    }
  }

  #pace(): void {
    const nowMs = performance.now();
    while (this.#beginMs + this.#sent * PACKET_MS <= nowMs) {
      this.#sendPacket(nowMs);
      this.#sent++;
    }
    this.#timer = setTimeout(() => this.#pace(), Math.max(0, this.#beginMs + this.#sent * PACKET_MS - performance.now()));
  }

  #sendPacket(nowMs: number): void {
    for (let i = 0; i < 2; i++) {
      const frame = new Int16Array(FRAME);
      const speech = this.#queue[0];
      if (speech !== undefined) {
        frame.set(speech.samples.subarray(speech.at, speech.at + FRAME));
        if (speech.at <= speech.onset && speech.at + FRAME > speech.onset) speech.begun(nowMs);
        speech.at += FRAME;
        if (speech.at >= speech.samples.length) this.#queue.shift();
      }
      this.#surroundings?.add(frame);
      this.#source.captureFrame(new AudioFrame(frame, 48_000, 1, FRAME)).catch(() => this.#failed++);
    }
  }
}
