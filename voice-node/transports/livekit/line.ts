import {
  DisconnectReason,
  ParticipantKind,
  Room,
  dispose,
  RoomEvent,
  TrackKind,
  TrackSource,
  type RemoteParticipant,
  type RemoteTrackPublication,
} from '@livekit/rtc-node';
import type { Clock, Timer } from '../../domain/clock.js';
import { withDeadline } from '../../domain/deadline.js';
import { messageOf, VoiceNodeError } from '../../domain/errors.js';
import type { AgentState, CallerEvent } from '../../domain/events.js';
import type { Log, Meter } from '../../domain/observer.js';
import { monotonicMs } from '../../domain/time.js';
import type { Line, LineEnd, LineListener } from '../../domain/transport.js';
import { CallerAudio } from './caller-audio.js';
import { Outbox } from './outbox.js';
import { ReplyTrack } from './reply-track.js';

const CONNECT_LIMIT_MS = 10_000;
const PUBLISH_LIMIT_MS = 5000;
const CLOSE_LIMIT_MS = 5000;
/** A caller who has not subscribed to the robot's voice by then will not: begin all the same. */
const SUBSCRIBE_LIMIT_MS = 1000;
/** Nobody may send us more than this in one stream; the default of the SDK is 5 GB. */
const MAX_STREAM_BYTES = 64 * 1024;

export interface LiveKitLineOptions {
  readonly url: string;
  /** A token for exactly this room. */
  readonly token: string;
  readonly room: string;
}

/**
 * A call's line through a LiveKit room. The caller is the first participant with a microphone who is not an
 * agent; when that one leaves, the next one is heard. Every event only triggers `#reconcile`, which brings
 * what is subscribed and read in line with who is there: so nothing depends on the order of events.
 */
export class LiveKitLine implements Line {
  readonly room: string;
  readonly #options: LiveKitLineOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #meter: Meter;
  readonly #rtc = new Room();
  readonly #replyTrack = new ReplyTrack();
  readonly #outbox: Outbox;
  #listener: LineListener | undefined;
  #caller: string | undefined;
  #audio: CallerAudio | undefined;
  #open = false;
  /** Somebody hears the robot: a greeting said earlier would be lost. */
  #audible = false;
  #audibleTimer: Timer | undefined;
  #ended = false;
  #connecting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: LiveKitLineOptions, clock: Clock, meter: Meter, log: Log) {
    this.room = options.room;
    this.#options = options;
    this.#clock = clock;
    this.#meter = meter;
    this.#log = log;
    this.#outbox = new Outbox(this.#rtc, clock, log);
  }

  async open(listener: LineListener): Promise<void> {
    this.#listener = listener;
    this.#listen();
    const { url, token } = this.#options;
    const options = { autoSubscribe: false, dynacast: false, dataStream: { maxPayloadByteLength: MAX_STREAM_BYTES } };
    try {
      this.#connecting = this.#rtc.connect(url, token, options);
      await withDeadline(this.#clock, this.#connecting, CONNECT_LIMIT_MS, 'transport_connect', `joining room ${this.room}`);
      const { subscribed } = await withDeadline(this.#clock, this.#replyTrack.publish(this.#rtc), PUBLISH_LIMIT_MS, 'transport_publish', 'publishing the reply track');
      void subscribed.then(this.#onAudible);
    } catch (error) {
      // The text of a native error may contain the token.
      const message = messageOf(error).replaceAll(token, '[token]');
      throw error instanceof VoiceNodeError ? error : new VoiceNodeError('transport_connect', `joining room ${this.room} failed: ${message}`);
    }
    if (this.#ended) throw new VoiceNodeError('transport_lost', `room ${this.room} was left again while joining it`);
    this.#open = true;
    this.#clock.at(this.#clock.nowMs(), () => this.#guard(() => this.#reconcile()));
  }

  send(frame: Int16Array): boolean {
    return this.#open && !this.#ended && this.#replyTrack.send(frame);
  }

  setAgentState(state: AgentState): void {
    this.#outbox.setAgentState(state);
  }

  publish(event: CallerEvent): void {
    if (this.#open) this.#outbox.publish(event);
  }

  transcript(from: 'caller' | 'robot', segment: string, text: string, final: boolean): void {
    const caller = from === 'caller';
    if (!this.#open) return;
    this.#outbox.transcript({
      text,
      segment,
      final,
      senderIdentity: caller ? this.#caller : undefined,
      trackSid: caller ? this.#audio?.trackSid : undefined,
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // The last events of a call are on their way; a line that is gone would only keep them waiting.
    if (this.#open && !this.#ended) await this.#outbox.flush();
    this.#ended = true;
    this.#audibleTimer?.cancel();
    this.#outbox.close();
    this.#audio?.close();
    this.#audio = undefined;
    // A connection that comes up after its deadline must not stay behind as a mute participant.
    this.#connecting?.then(() => this.#rtc.disconnect()).catch(() => undefined);
    for (const work of [() => this.#rtc.disconnect(), () => this.#replyTrack.close()]) {
      try {
        await withDeadline(this.#clock, work(), CLOSE_LIMIT_MS, 'transport_timeout', 'leaving the room');
      } catch (error) {
        this.#log.warn({ error: messageOf(error) }, 'the line was not closed cleanly');
      }
    }
  }

  #listen(): void {
    const changed = (): void => this.#guard(() => this.#reconcile());
    for (const event of [
      RoomEvent.ParticipantConnected,
      RoomEvent.ParticipantDisconnected,
      RoomEvent.TrackPublished,
      RoomEvent.TrackUnpublished,
      RoomEvent.TrackSubscribed,
      RoomEvent.TrackUnsubscribed,
      RoomEvent.Reconnected,
    ] as const) {
      this.#rtc.on(event, changed);
    }
    this.#rtc.on(RoomEvent.Reconnecting, () => this.#log.warn({}, 'the room is reconnecting'));
    this.#rtc.on(RoomEvent.Reconnected, () => this.#log.info({}, 'the room is back'));
    this.#rtc.on(RoomEvent.Disconnected, (reason) => this.#guard(() => this.#onDisconnected(reason)));
  }

  #onDisconnected(reason: DisconnectReason): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#open) this.#listener?.ended(lineEnd(reason), DisconnectReason[reason]);
  }

  /** Rooms swallow what their listeners throw; here it is at least seen. */
  #guard(task: () => void): void {
    try {
      if (!this.#ended) task();
    } catch (error) {
      this.#log.error({ error: messageOf(error) }, 'a room event could not be handled');
    }
  }

  #reconcile(): void {
    if (!this.#open) return;
    const known = this.#caller === undefined ? undefined : this.#rtc.remoteParticipants.get(this.#caller);
    if (this.#caller !== undefined && known === undefined) {
      this.#caller = undefined;
      this.#listener?.callerLeft();
    }
    const caller = known ?? this.#findCaller();
    const publication = caller === undefined ? undefined : microphoneOf(caller);
    if (publication !== undefined && !publication.subscribed) publication.setSubscribed(true);
    if (caller !== undefined && !this.#audible) {
      this.#audibleTimer ??= this.#clock.at(monotonicMs(this.#clock.nowMs() + SUBSCRIBE_LIMIT_MS), this.#onAudible);
      return;
    }
    this.#read(publication);
    if (caller !== undefined && this.#caller === undefined) {
      this.#caller = caller.identity;
      this.#listener?.callerJoined(caller.identity);
    }
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
    this.#audio = new CallerAudio(track, this.#clock, this.#log, {
      audio: (samples) => this.#listener?.audio(samples),
      dropped: (frames) => this.#meter.framesDropped('inbound', frames),
    });
  }

  #findCaller(): RemoteParticipant | undefined {
    for (const participant of this.#rtc.remoteParticipants.values()) {
      if (participant.kind !== ParticipantKind.AGENT && microphoneOf(participant) !== undefined) return participant;
    }
    return undefined;
  }
}

function microphoneOf(participant: RemoteParticipant): RemoteTrackPublication | undefined {
  for (const publication of participant.trackPublications.values()) {
    const { source } = publication;
    const voice = source === TrackSource.SOURCE_MICROPHONE || source === TrackSource.SOURCE_UNKNOWN;
    if (publication.kind === TrackKind.KIND_AUDIO && voice) return publication;
  }
  return undefined;
}

function lineEnd(reason: DisconnectReason): LineEnd {
  switch (reason) {
    case DisconnectReason.CLIENT_INITIATED:
      return 'closed_by_us';
    case DisconnectReason.DUPLICATE_IDENTITY:
      return 'superseded';
    case DisconnectReason.PARTICIPANT_REMOVED:
      return 'removed';
    case DisconnectReason.ROOM_DELETED:
    case DisconnectReason.ROOM_CLOSED:
      return 'room_closed';
    default:
      return 'lost';
  }
}

/** Frees what rtc-node shares between all rooms. Last of all; nothing of this module may be used afterwards. */
export const disposeLiveKit = (): Promise<void> => dispose();
