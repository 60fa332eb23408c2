// @ts-check

import { ConnectionState, DisconnectReason, Room, RoomEvent, Track } from '/vendor/livekit-client.esm.mjs';
import { EVENT_TOPIC, parseCallerEvent } from './caller-events.js';
import { endProblem, ProblemError } from './classify.js';
import { problem } from './problems.js';
import { readTranscript, TRANSCRIPT_TOPIC } from './transcript-streams.js';

/** @import { LocalAudioTrack, RemoteParticipant, RemoteTrack } from 'livekit-client' */
/** @import { RobotWatch } from './robot-watch.js' */
/** @import { SessionListener } from './session.js' */

/** As LiveKit's front ends and agents name it. */
const STATE_ATTRIBUTE = 'lk.agent.state';

/**
 * The library's own repair, which keeps the media where only the signalling broke: quickly, and for 10 s, for after
 * that only a new line can help.
 */
const REPAIR_MS = 10_000;
const REPAIR_EVERY_MS = 500;
/** @type {import('livekit-client').ReconnectPolicy} */
const REPAIR = {
  nextRetryDelayInMs: ({ elapsedMs, retryCount }) => (elapsedMs > REPAIR_MS ? null : (retryCount === 0 ? 0.4 : 1) * REPAIR_EVERY_MS * (0.6 + 0.4 * Math.random())),
};

/**
 * @typedef {object} Way
 * @property {string} url
 * @property {string} token
 * @property {LocalAudioTrack} mic it lives longer than the line
 * @property {HTMLAudioElement} audio
 */

/**
 * What a line tells of itself.
 * @typedef {object} LineWatch
 * @property {RobotWatch} robot
 * @property {(token: string) => void} token the server has given a new one
 * @property {(reason: string) => void} broken name of LiveKit's DisconnectReason; called once, and only for a line that stood
 */

/**
 * One connection to a room, for as long as the library can keep it. A room has one robot: of the participants of kind
 * agent the one that came last.
 */
export class RoomLine {
  #room = new Room({ dataStream: { maxPayloadByteLength: 256 * 1024 }, disconnectOnPageLeave: true, stopLocalTrackOnUnpublish: false, reconnectPolicy: REPAIR });
  #way;
  #listener;
  #watch;
  #live = true;
  #standing = false;
  /** @type {string | null} why it broke; null while it has not */
  #brokenBy = null;
  /** Ends the wait for the microphone to be published. */
  #onBreak = () => {};
  /** @type {RemoteParticipant | null} */
  #robot = null;
  /** @type {RemoteTrack | null} the robot's voice */
  #voice = null;

  /**
   * @param {Way} way
   * @param {SessionListener} listener
   * @param {LineWatch} watch
   */
  constructor(way, listener, watch) {
    this.#way = way;
    this.#listener = listener;
    this.#watch = watch;
    this.#listen();
  }

  get room() {
    return this.#room.name;
  }

  startAudio() {
    return this.#room.startAudio();
  }

  /** Joins and publishes the microphone. Rejects with the library's ConnectionError. */
  async open() {
    await this.#room.connect(this.#way.url, this.#way.token, { maxRetries: 0 });
    if (this.#live && this.#robot === null) this.#watch.robot.awaited();
    const broken = new Promise((resolve) => (this.#onBreak = () => resolve(null)));
    // Without DTX the encoder sends silence as sound: the node's detector then sees the room as it is, and the
    // first frame of a word does not have to wake a sleeping stream.
    const published = this.#room.localParticipant.publishTrack(this.#way.mic, { source: Track.Source.Microphone, dtx: false });
    if (this.#brokenBy === null) await Promise.race([published, broken]);
    if (this.#brokenBy !== null) throw new ProblemError(endProblem(this.#brokenBy) ?? problem('unknown'));
    this.#standing = true;
  }

  /** Leaves the room, or gives up coming in. Nothing more is told. */
  async close() {
    this.#live = false;
    this.#hear(null);
    await this.#room.disconnect(false);
  }

  /** @param {DisconnectReason | undefined} reason */
  #onBroken(reason) {
    if (!this.#live || this.#brokenBy !== null) return;
    this.#brokenBy = (reason === undefined ? undefined : DisconnectReason[reason]) ?? 'UNKNOWN_REASON';
    this.#onBreak();
    // Before it stood, that is a failure to join, with which `open` rejects.
    if (!this.#standing) return;
    this.#live = false;
    this.#hear(null);
    this.#watch.broken(this.#brokenBy);
  }

  /** @param {RemoteParticipant} participant */
  #meet = (participant) => {
    if (!this.#live || !participant.isAgent || this.#robot?.sid === participant.sid) return;
    if (this.#robot !== null && joinedMs(this.#robot) > joinedMs(participant)) return;
    this.#robot = participant;
    this.#watch.robot.came(participant.sid);
    this.#tellState(participant);
    const voice = [...participant.audioTrackPublications.values()].find((publication) => publication.track !== undefined)?.track;
    this.#hear(voice ?? null);
  };

  #meetAll() {
    this.#room.remoteParticipants.forEach(this.#meet);
  }

  /** @param {RemoteParticipant} participant */
  #tellState(participant) {
    const state = participant.attributes[STATE_ATTRIBUTE];
    if (this.#live && participant.sid === this.#robot?.sid && state) this.#listener.agentState(state);
  }

  /** @param {RemoteTrack | null} voice */
  #hear(voice) {
    if (voice === this.#voice) return;
    this.#voice?.detach(this.#way.audio);
    this.#voice = voice;
    voice?.attach(this.#way.audio);
    this.#listener.robotAudio(voice?.mediaStreamTrack ?? null);
  }

  /**
   * @param {RemoteParticipant} participant
   * @param {DisconnectReason | undefined} reason
   */
  #onGone(participant, reason) {
    if (!this.#live || participant.sid !== this.#robot?.sid) return;
    this.#robot = null;
    // A reconnection takes everyone out of the room and back again, which is not the robot's leaving; the room's
    // state changes only after these events.
    setTimeout(() => {
      if (this.#live && this.#robot === null && this.#room.state === ConnectionState.Connected) this.#watch.robot.went(reason === DisconnectReason.CLIENT_INITIATED);
    }, 0);
    this.#meetAll();
  }

  #onRepairing = () => {
    if (!this.#live) return;
    this.#watch.robot.pause();
    this.#listener.line('reconnecting');
  };

  #onRepaired() {
    if (!this.#live) return;
    this.#listener.line('reconnected');
    this.#meetAll();
    if (this.#robot === null) this.#watch.robot.awaited();
  }

  #listen() {
    const room = this.#room;
    const tell = this.#listener;
    room
      .on(RoomEvent.ConnectionStateChanged, (state) => state === ConnectionState.Connected && this.#meetAll())
      .on(RoomEvent.ParticipantConnected, this.#meet)
      .on(RoomEvent.ParticipantAttributesChanged, (_changed, participant) => {
        const remote = room.remoteParticipants.get(participant.identity);
        if (remote) this.#tellState(remote);
      })
      .on(RoomEvent.ParticipantDisconnected, (participant, reason) => this.#onGone(participant, reason))
      .on(RoomEvent.TrackSubscribed, (track, _publication, participant) => {
        this.#meet(participant);
        if (track.kind === Track.Kind.Audio && participant.sid === this.#robot?.sid) this.#hear(track);
      })
      .on(RoomEvent.TrackUnsubscribed, (track) => {
        if (track === this.#voice) this.#hear(null);
      })
      .on(RoomEvent.TrackSubscriptionFailed, () => this.#live && tell.line('robot_silent'))
      .on(RoomEvent.DataReceived, (payload, participant, _kind, topic) => {
        if (!this.#live || topic !== EVENT_TOPIC || !participant?.isAgent) return;
        const arrivedMs = performance.now();
        const event = parseCallerEvent(payload);
        if (event) tell.event(event, arrivedMs);
      })
      .on(RoomEvent.AudioPlaybackStatusChanged, () => this.#live && tell.playback(room.canPlaybackAudio))
      .on(RoomEvent.SignalReconnecting, this.#onRepairing)
      .on(RoomEvent.Reconnecting, this.#onRepairing)
      .on(RoomEvent.Reconnected, () => this.#onRepaired())
      .on(RoomEvent.Disconnected, (reason) => this.#onBroken(reason));
    // A session's token lives for minutes, a call may last for hours: the server gives new ones.
    room.engine.on('tokenRefreshed', (token) => this.#watch.token(token));
    room.registerTextStreamHandler(TRANSCRIPT_TOPIC, (reader, { identity }) => {
      // The server lets agents alone speak in another's name: what comes in ours is what one of them understood.
      const ours = identity === room.localParticipant.identity;
      if (!ours && !room.remoteParticipants.get(identity)?.isAgent) return;
      void readTranscript(room, reader, ours, (segment) => this.#live && tell.transcript(segment));
    });
  }
}

/** @param {RemoteParticipant} participant */
const joinedMs = (participant) => participant.joinedAt?.getTime() ?? 0;
