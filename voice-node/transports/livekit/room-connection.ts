import { DisconnectReason, Room, RoomEvent, type RemoteParticipant, type RemoteTrackPublication } from '@livekit/rtc-node';
import type { Clock, Timer } from '../../domain/clock.js';
import { withDeadline } from '../../domain/deadline.js';
import { messageOf, VoiceNodeError } from '../../domain/errors.js';
import type { AgentState, CallerEvent } from '../../domain/events.js';
import type { Log, Meter } from '../../domain/observer.js';
import { monotonicMs } from '../../domain/time.js';
import type { LineEnd } from '../../domain/transport.js';
import { CallerAudio } from './caller-audio.js';
import { Company } from './company.js';
import type { Connection, ConnectionListener, ConnectionSettings } from './connection.js';
import { detach } from './ffi.js';
import { MediaWatch } from './media-watch.js';
import { Outbox } from './outbox.js';
import { findCaller, microphoneOf } from './participants.js';
import { lineEnd, saysGoodbye } from './reasons.js';
import { Renewal } from './renewal.js';
import { ReplyTrack } from './reply-track.js';
import { packetsReceived } from './statistics.js';

const CLOSE_LIMIT_MS = 5000;
/** A caller who has not subscribed to the robot's voice by then will not: begin all the same. */
const SUBSCRIBE_LIMIT_MS = 1000;
/**
 * A browser that makes its connection anew says good-bye first (livekit-client, RTCEngine.restartConnection), and is
 * back within the second. Who is not, has hung up.
 */
const GOODBYE_MS = 1500;
/** Nobody may send us more than this in one stream; the default of the SDK is 5 GB. */
const MAX_STREAM_BYTES = 64 * 1024;

export interface RoomConnectionParts {
  readonly url: string;
  readonly room: string;
  readonly clock: Clock;
  readonly meter: Meter;
  readonly log: Log;
  readonly noMediaMs: number;
  readonly bitrateBps: number;
}

/**
 * A connection by rtc-node. The caller is a participant with a microphone who is not an agent; when that one leaves,
 * the next one is heard. Every event only triggers `#reconcile`, which brings what is subscribed and read in line
 * with who is there: so nothing depends on the order of events.
 */
export class RoomConnection implements Connection {
  readonly #parts: RoomConnectionParts;
  readonly #settings: ConnectionSettings;
  readonly #rtc = new Room();
  readonly #outbox: Outbox;
  readonly #renewal: Renewal;
  readonly #company = new Company();
  #replyTrack: ReplyTrack | undefined;
  #connecting: Promise<void> | undefined;
  #listener: ConnectionListener | undefined;
  #lost: readonly [LineEnd, string] | undefined;
  #caller: string | undefined;
  #audio: CallerAudio | undefined;
  #watch: MediaWatch | undefined;
  /** Somebody hears the robot: a greeting said earlier would be lost. */
  #audible = false;
  #audibleTimer: Timer | undefined;
  #saidGoodbye = false;
  #goodbyeTimer: Timer | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: RoomConnectionParts, settings: ConnectionSettings) {
    this.#parts = parts;
    this.#settings = settings;
    this.#outbox = new Outbox(this.#rtc, parts.clock, parts.log);
    this.#renewal = new Renewal(parts.clock);
    this.#listen();
  }

  async connect(token: string): Promise<void> {
    const options = { autoSubscribe: false, dynacast: false, dataStream: { maxPayloadByteLength: MAX_STREAM_BYTES } };
    this.#connecting = this.#rtc.connect(this.#parts.url, token, options);
    try {
      await this.#connecting;
    } catch (error) {
      // The text of a native error may contain the token.
      const message = messageOf(error).replaceAll(token, '[token]');
      throw new VoiceNodeError('transport_connect', `joining room ${this.#parts.room} failed: ${message}`);
    }
  }

  async publish(): Promise<void> {
    this.#replyTrack = new ReplyTrack();
    try {
      const { subscribed } = await this.#replyTrack.publish(this.#rtc, this.#parts.bitrateBps);
      void subscribed.then(this.#onAudible);
    } catch (error) {
      throw new VoiceNodeError('transport_publish', `publishing the robot's voice in room ${this.#parts.room} failed: ${messageOf(error)}`);
    }
  }

  start(listener: ConnectionListener): void {
    this.#listener = listener;
    if (this.#lost !== undefined) listener.lost(...this.#lost);
    else this.#guard(() => this.#reconcile());
  }

  send(frame: Int16Array): boolean {
    return this.#replyTrack?.send(frame) ?? false;
  }

  setAgentState(state: AgentState): void {
    this.#outbox.setAgentState(state);
  }

  publishEvent(event: CallerEvent): void {
    this.#outbox.publish(event);
  }

  transcript(from: 'caller' | 'robot', segment: string, text: string, final: boolean): void {
    const caller = from === 'caller';
    this.#outbox.transcript({
      text,
      segment,
      final,
      senderIdentity: caller ? this.#caller : undefined,
      trackSid: caller ? this.#audio?.trackSid : undefined,
    });
  }

  flush(): Promise<void> {
    return this.#outbox.flush();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#audibleTimer?.cancel();
    this.#goodbyeTimer?.cancel();
    this.#renewal.close();
    this.#watch?.close();
    this.#outbox.close();
    this.#audio?.close();
    const { clock, log } = this.#parts;
    try {
      await withDeadline(clock, this.#leave(), CLOSE_LIMIT_MS, 'transport_timeout', 'leaving the room');
    } catch (error) {
      // Nobody has seen an attempt that got stuck; it still leaves, should it ever come through.
      log[this.#replyTrack === undefined ? 'debug' : 'warn']({ error: messageOf(error) }, 'the room was not left cleanly');
    }
    detach(this.#rtc);
    this.#rtc.removeAllListeners();
    await this.#replyTrack?.close();
  }

  /** A connection that comes up after its deadline must not stay behind as a mute participant. */
  async #leave(): Promise<void> {
    if (!this.#rtc.isConnected) detach(this.#rtc);
    await this.#connecting?.catch(() => undefined);
    await this.#rtc.disconnect();
  }

  #listen(): void {
    const changed = (): void => this.#guard(() => this.#reconcile());
    for (const event of [
      RoomEvent.ParticipantConnected,
      RoomEvent.TrackPublished,
      RoomEvent.TrackUnpublished,
      RoomEvent.TrackSubscribed,
      RoomEvent.TrackUnsubscribed,
      RoomEvent.Reconnected,
    ] as const) {
      this.#rtc.on(event, changed);
    }
    this.#rtc.on(RoomEvent.ParticipantDisconnected, (participant) => {
      this.#company.left(participant);
      if (participant.identity === this.#caller) this.#saidGoodbye = saysGoodbye(participant.disconnectReason);
      changed();
    });
    this.#rtc.on(RoomEvent.Reconnecting, () => this.#guard(() => this.#listener?.repairing()));
    this.#rtc.on(RoomEvent.Reconnected, () => this.#guard(() => this.#listener?.repaired()));
    this.#rtc.on(RoomEvent.Disconnected, (reason) => this.#guard(() => this.#lose(lineEnd(reason), DisconnectReason[reason] ?? String(reason))));
  }

  #lose(end: LineEnd, detail: string): void {
    if (this.#lost !== undefined) return;
    this.#lost = [end, detail];
    this.#listener?.lost(end, detail);
  }

  /** Rooms swallow what their listeners throw; here it is at least seen. */
  #guard(task: () => void): void {
    try {
      if (this.#closing === undefined) task();
    } catch (error) {
      this.#parts.log.error({ error: messageOf(error) }, 'a room event could not be handled');
    }
  }

  #reconcile(): void {
    if (this.#listener === undefined || this.#lost !== undefined) return;
    const { remoteParticipants } = this.#rtc;
    for (const identity of remoteParticipants.keys()) if (this.#settings.isGhost(identity)) this.#listener.ghost(identity);
    this.#company.tell(remoteParticipants, this.#listener);
    const known = this.#caller === undefined ? undefined : remoteParticipants.get(this.#caller);
    const caller = known ?? findCaller(remoteParticipants, this.#settings.preferred);
    if (known !== undefined) this.#stayed();
    else if (this.#caller !== undefined && !this.#gone(caller !== undefined)) return;
    if (this.#closing !== undefined) return;
    const publication = caller === undefined ? undefined : microphoneOf(caller);
    if (publication !== undefined && !publication.subscribed && !this.#renewal.resting) publication.setSubscribed(true);
    if (caller !== undefined && !this.#audible) {
      const { clock } = this.#parts;
      this.#audibleTimer ??= clock.at(monotonicMs(clock.nowMs() + SUBSCRIBE_LIMIT_MS), this.#onAudible);
      return;
    }
    this.#read(publication);
    if (caller !== undefined && this.#caller === undefined) this.#joined(caller);
  }

  #joined({ identity }: RemoteParticipant): void {
    this.#caller = identity;
    const { clock, log, noMediaMs } = this.#parts;
    this.#watch ??= new MediaWatch(clock, log, { expected: () => this.#expectsMedia(), packets: () => packetsReceived(this.#rtc) }, noMediaMs, (quietMs) =>
      this.#guard(() => this.#lose('no_media', `nothing has come from the caller for ${Math.round(quietMs)} ms`)),
    );
    this.#listener?.callerJoined(identity);
  }

  #stayed(): void {
    this.#saidGoodbye = false;
    this.#goodbyeTimer?.cancel();
    this.#goodbyeTimer = undefined;
  }

  /** The caller is not in the room any more. False: it is not certain yet that he will not be back at once. */
  #gone(somebodyElse: boolean): boolean {
    if (this.#saidGoodbye && !somebodyElse) {
      const { clock } = this.#parts;
      this.#read(undefined);
      this.#goodbyeTimer ??= clock.at(monotonicMs(clock.nowMs() + GOODBYE_MS), () => this.#guard(() => this.#left(true)));
      return false;
    }
    this.#left(false);
    return true;
  }

  #left(hungUp: boolean): void {
    this.#stayed();
    this.#renewal.close();
    this.#caller = undefined;
    this.#listener?.callerLeft(hungUp);
  }

  #expectsMedia(): boolean {
    const caller = this.#caller === undefined ? undefined : this.#rtc.remoteParticipants.get(this.#caller);
    const publication = caller === undefined ? undefined : microphoneOf(caller);
    return publication !== undefined && publication.muted !== true;
  }

  readonly #onAudible = (): void => {
    this.#audibleTimer?.cancel();
    if (this.#audible) return;
    this.#audible = true;
    this.#guard(() => this.#reconcile());
  };

  #read(publication: RemoteTrackPublication | undefined): void {
    const track = publication?.track;
    if (this.#audio !== undefined && this.#audio.trackSid === track?.sid) return;
    this.#audio?.close();
    this.#audio = undefined;
    if (track === undefined) return;
    const { clock, log, meter } = this.#parts;
    const sink = {
      audio: (samples: Int16Array) => {
        this.#watch?.frame(samples);
        this.#listener?.audio(samples);
      },
      dropped: (frames: number) => meter.framesDropped('inbound', frames),
      stalled: (forMs: number) => this.#guard(() => this.#renew(publication, forMs)),
    };
    try {
      this.#audio = new CallerAudio(track, clock, log, sink);
    } catch (error) {
      // After a break rtc-node still tells of tracks that are gone; the one that takes its place is told of as well.
      return log.warn({ error: messageOf(error) }, 'the caller’s track cannot be read');
    }
    this.#renewal.close();
  }

  /** What comes from this subscription is the past. */
  #renew(publication: RemoteTrackPublication | undefined, stalledMs: number): void {
    this.#parts.log.warn({ stalledMs: Math.round(stalledMs) }, 'the process stood still; the caller is subscribed to anew');
    publication?.setSubscribed(false);
    this.#renewal.begin(
      () => this.#guard(() => this.#reconcile()),
      () => this.#guard(() => this.#lose('lost', 'the caller could not be subscribed to anew')),
    );
  }
}
