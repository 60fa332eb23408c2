import { AudioFrame, AudioSource, AudioStream, LocalAudioTrack, ParticipantKind, Room, RoomEvent, TrackKind, TrackPublishOptions, TrackSource, type RemoteTrack } from '@livekit/rtc-node';

const RATE_HZ = 48_000;
const FRAME = 480;
const PACKET_MS = 20;
const CLOSE_LIMIT_MS = 3000;
const CONNECT_LIMIT_MS = 15_000;
/** An attempt to come back that hangs is given up after this, and the next one follows. */
const RECONNECT_LIMIT_MS = 4000;
const RETRY_MS = 300;
/** -40 dBFS: a reply, and no comfort noise. */
const LOUD_PEAK = 330;
/** A pause inside of a reply that is longer than this is a gap; one longer than the other is the reply's end. */
const GAP_MS = 40;
const END_MS = 700;

export interface CallerReport {
  /** Milliseconds of sound, and how many times it began anew. */
  readonly loudMs: number;
  readonly sounds: number;
  /** Pauses inside of replies, in ms. */
  readonly gapsMs: readonly number[];
  /** On the caller's clock (Date.now): the first loud frame of each sound. */
  readonly begunMs: readonly number[];
  /** Robots and their tracks at once in the room, the most that were seen. */
  readonly mostRobots: number;
  readonly mostTracks: number;
  readonly robots: readonly string[];
  readonly joins: number;
  readonly connected: boolean;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * A caller who costs little: speaks what he is told at set times, and keeps of what he hears only when there was
 * sound and where it had gaps. Comes back by himself when the server goes.
 */
export class CrowdCaller {
  #room = new Room();
  #source = new AudioSource(RATE_HZ, 1, 0);
  readonly #begunMs: number[] = [];
  readonly #gapsMs: number[] = [];
  #loudMs = 0;
  #lastLoudMs = -Infinity;
  #mostRobots = 0;
  #mostTracks = 0;
  #joins = 0;
  #left = false;
  #script: { readonly samples: Int16Array; readonly everyMs: number; readonly fromMs: number } | undefined;
  #beginMs = 0;
  #sent = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Joins and publishes the microphone. `comesBack`: again and again when the connection is gone, with the same token. */
  async join(url: string, token: string, comesBack: boolean): Promise<void> {
    const room = new Room();
    this.#room = room;
    room.on(RoomEvent.TrackSubscribed, (track) => {
      this.#count();
      if (track.kind === TrackKind.KIND_AUDIO) void this.#listen(track, room).catch(() => undefined);
    });
    room.on(RoomEvent.ParticipantConnected, () => this.#count());
    room.on(RoomEvent.Disconnected, () => {
      if (comesBack && !this.#left && this.#room === room) void this.#comeBack(url, token, room);
    });
    if (comesBack) room.on(RoomEvent.Reconnecting, () => void this.#comeBack(url, token, room));
    await Promise.race([room.connect(url, token, { autoSubscribe: true, dynacast: false }), pause(this.#joins > 0 ? RECONNECT_LIMIT_MS : CONNECT_LIMIT_MS).then(() => Promise.reject(new Error('joining took too long')))]);
    const source = new AudioSource(RATE_HZ, 1, 0);
    const options = new TrackPublishOptions();
    options.source = TrackSource.SOURCE_MICROPHONE;
    await room.localParticipant?.publishTrack(LocalAudioTrack.createAudioTrack('microphone', source), options);
    this.#source = source;
    this.#joins++;
    this.#count();
    if (this.#timer === undefined) {
      this.#beginMs = performance.now();
      this.#pace();
    }
  }

  /** From now on speaks `samples` every `everyMs`, the first time after `delayMs`. */
  speak(samples: Int16Array, everyMs: number, delayMs: number): void {
    this.#script = { samples, everyMs, fromMs: performance.now() + delayMs };
  }

  hush(): void {
    this.#script = undefined;
  }

  report(): CallerReport {
    return {
      loudMs: this.#loudMs,
      sounds: this.#begunMs.length,
      gapsMs: this.#gapsMs,
      begunMs: this.#begunMs,
      mostRobots: this.#mostRobots,
      mostTracks: this.#mostTracks,
      robots: this.#robots().map(({ identity }) => identity),
      joins: this.#joins,
      connected: this.#room.isConnected,
    };
  }

  async leave(): Promise<void> {
    this.#left = true;
    clearTimeout(this.#timer);
    await Promise.race([this.#room.disconnect(), pause(CLOSE_LIMIT_MS)]).catch(() => undefined);
    await this.#source.close().catch(() => undefined);
  }

  #coming = false;

  async #comeBack(url: string, token: string, old: Room): Promise<void> {
    if (this.#coming || this.#left || this.#room !== old) return;
    this.#coming = true;
    // Signal blips mend themselves.
    for (let waited = 0; waited < 2000 && this.#room === old && !old.isConnected; waited += 100) await pause(100);
    if (!old.isConnected) {
      void old.disconnect().catch(() => undefined);
      for (;;) {
        if (this.#left) return;
        try {
          await this.join(url, token, true);
          break;
        } catch {
          void this.#room.disconnect().catch(() => undefined);
          await pause(RETRY_MS);
        }
      }
    }
    this.#coming = false;
  }

  #robots() {
    return [...this.#room.remoteParticipants.values()].filter(({ kind }) => kind === ParticipantKind.AGENT);
  }

  #count(): void {
    const robots = this.#robots();
    this.#mostRobots = Math.max(this.#mostRobots, robots.length);
    this.#mostTracks = Math.max(this.#mostTracks, robots.reduce((sum, { trackPublications }) => sum + trackPublications.size, 0));
  }

  async #listen(track: RemoteTrack, room: Room): Promise<void> {
    for await (const frame of new AudioStream(track, { sampleRate: RATE_HZ, numChannels: 1, frameSizeMs: 10 })) {
      if (this.#room !== room || this.#left) return;
      this.#hear(frame.data);
    }
  }

  #positionMs = 0;

  /** Media time of the stream: what the receiver plays, gaps and all. */
  #hear(samples: Int16Array): void {
    this.#positionMs += samples.length / 48;
    let loud = false;
    for (let i = 0; i < samples.length && !loud; i += 4) loud = Math.abs(samples[i] as number) > LOUD_PEAK;
    if (!loud) return;
    this.#loudMs += samples.length / 48;
    const pausedMs = this.#positionMs - this.#lastLoudMs - samples.length / 48;
    this.#lastLoudMs = this.#positionMs;
    if (pausedMs > END_MS) this.#begunMs.push(Date.now());
    else if (pausedMs > GAP_MS) this.#gapsMs.push(pausedMs);
  }

  #pace(): void {
    const nowMs = performance.now();
    for (let packets = 0; this.#beginMs + this.#sent * PACKET_MS <= nowMs; packets++, this.#sent++) if (packets < 5) this.#sendPacket(this.#beginMs + this.#sent * PACKET_MS);
    this.#timer = setTimeout(() => this.#pace(), Math.max(0, this.#beginMs + this.#sent * PACKET_MS - performance.now()));
  }

  #sendPacket(atMs: number): void {
    for (let i = 0; i < 2; i++) {
      const frame = new Int16Array(FRAME);
      const script = this.#script;
      if (script !== undefined && atMs >= script.fromMs) {
        const at = Math.round(((atMs - script.fromMs) % script.everyMs) / 10 + i) * FRAME;
        frame.set(script.samples.subarray(Math.min(at, script.samples.length), at + FRAME));
      }
      this.#source.captureFrame(new AudioFrame(frame, RATE_HZ, 1, FRAME)).catch(() => undefined);
    }
  }
}
