// @ts-check

import { ConnectionState, createLocalAudioTrack, DisconnectReason, Room, RoomEvent, Track, TrackEvent } from '/vendor/livekit-client.esm.mjs';
import { EVENT_TOPIC, parseCallerEvent } from './caller-events.js';

/** @import { LocalAudioTrack, RemoteParticipant } from 'livekit-client' */
/** @import { CallerEvent } from '../voice-node/domain/events.js' */
/** @import { Segment } from './transcript.js' */

/** How LiveKit's front ends and agents name things. */
const TRANSCRIPT_TOPIC = 'lk.transcription';
const STATE_ATTRIBUTE = 'lk.agent.state';

/** The library's own deadlines (15 s for the socket, 15 s for the media) add up; a person gives up earlier. */
const JOIN_DEADLINE_MS = 20_000;

/**
 * @typedef {{ echoCancellation: boolean, noiseSuppression: boolean, autoGainControl: boolean }} MicOptions
 */

/**
 * What a session tells the page. None of these may throw.
 * @typedef {object} SessionListener
 * @property {(present: boolean) => void} robot the robot has come or gone
 * @property {(state: string) => void} agentState value of `lk.agent.state`
 * @property {(event: CallerEvent, arrivedMs: number) => void} event
 * @property {(segment: Segment) => void} transcript
 * @property {(track: MediaStreamTrack | null) => void} robotAudio
 * @property {(allowed: boolean) => void} playback whether the browser lets sound out
 * @property {(code: 'reconnecting' | 'reconnected' | 'mic_lost' | 'robot_silent') => void} line
 * @property {(reason: string) => void} ended name of LiveKit's DisconnectReason; called once
 */

/**
 * @typedef {object} Session
 * @property {() => string} room its name
 * @property {(muted: boolean) => Promise<void>} setMuted
 * @property {() => Promise<void>} startAudio call it from a click
 * @property {() => Promise<void>} leave
 */

/**
 * Asks for the microphone.
 * @param {MicOptions} options
 * @returns {Promise<LocalAudioTrack>} rejects as getUserMedia does
 */
export async function openMicrophone(options) {
  if (!navigator.mediaDevices) throw new DOMException('no mediaDevices: not a secure context', 'DeviceUnsupportedError');
  return createLocalAudioTrack({ ...options, channelCount: 1 });
}

/**
 * Joins a room and publishes the microphone.
 * @param {{ url: string, token: string, mic: LocalAudioTrack, audio: HTMLAudioElement }} what
 * @param {SessionListener} listener
 * @returns {Promise<Session>} rejects with the library's ConnectionError, or a DOMException (TimeoutError)
 */
export async function join({ url, token, mic, audio }, listener) {
  const room = new Room({ dataStream: { maxPayloadByteLength: 256 * 1024 }, disconnectOnPageLeave: true });
  const line = listen(room, mic, audio, listener);
  try {
    await withDeadline(connect(room, line, { url, token, mic }), JOIN_DEADLINE_MS);
  } catch (error) {
    line.stop();
    void room.disconnect();
    throw error;
  }
  return {
    room: () => room.name,
    setMuted: async (muted) => void (await (muted ? mic.mute() : mic.unmute())),
    startAudio: () => room.startAudio(),
    leave: () => room.disconnect(),
  };
}

/**
 * @param {Room} room
 * @param {{ joined: () => void }} line
 * @param {{ url: string, token: string, mic: LocalAudioTrack }} what
 */
async function connect(room, line, { url, token, mic }) {
  await room.connect(url, token, { maxRetries: 0 });
  line.joined();
  // Without DTX the encoder sends silence as sound: the node's detector then sees the room as it is, and the
  // first frame of a word does not have to wake a sleeping stream.
  await room.localParticipant.publishTrack(mic, { source: Track.Source.Microphone, dtx: false });
}

/**
 * @param {Promise<void>} work
 * @param {number} deadlineMs
 */
async function withDeadline(work, deadlineMs) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new DOMException('the server did not let us in within 20 s', 'TimeoutError')), deadlineMs);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Wires the room's events to the listener. A room has one robot: the first participant of kind agent.
 * @param {Room} room
 * @param {LocalAudioTrack} mic
 * @param {HTMLAudioElement} audio
 * @param {SessionListener} listener
 * @returns {{ joined: () => void, stop: () => void }} joined: from now on a disconnection is an end, before it
 *   is a failure to join, which `join` reports
 */
function listen(room, mic, audio, listener) {
  let live = true;
  let joined = false;
  /** @type {DisconnectReason | null | undefined} why the line broke; null while it has not */
  let brokenBy = null;
  const end = () => {
    if (!live || !joined || brokenBy === null) return;
    live = false;
    mic.stop();
    listener.ended(brokenBy === undefined ? 'UNKNOWN_REASON' : (DisconnectReason[brokenBy] ?? 'UNKNOWN_REASON'));
  };
  /** @type {RemoteParticipant | null} */
  let robot = null;
  /** @param {RemoteParticipant} participant */
  const meet = (participant) => {
    if (!live || !participant.isAgent || robot?.sid === participant.sid) return;
    robot = participant;
    listener.robot(true);
    tellState(participant);
  };
  /** @param {RemoteParticipant} participant */
  const tellState = (participant) => {
    const state = participant.attributes[STATE_ATTRIBUTE];
    if (live && participant.sid === robot?.sid && state) listener.agentState(state);
  };
  const meetAll = () => room.remoteParticipants.forEach(meet);

  room
    .on(RoomEvent.ConnectionStateChanged, (state) => state === ConnectionState.Connected && meetAll())
    .on(RoomEvent.ParticipantConnected, meet)
    .on(RoomEvent.ParticipantAttributesChanged, (_changed, participant) => {
      const remote = room.remoteParticipants.get(participant.identity);
      if (remote) tellState(remote);
    })
    .on(RoomEvent.ParticipantDisconnected, (participant) => {
      if (!live || participant.sid !== robot?.sid) return;
      robot = null;
      // A reconnection takes everyone out of the room and back again, which is not the robot's leaving; the
      // room's state changes only after these events.
      setTimeout(() => {
        if (live && robot === null && room.state === ConnectionState.Connected) listener.robot(false);
      }, 0);
      meetAll();
    })
    .on(RoomEvent.TrackSubscribed, (track, _publication, participant) => {
      meet(participant);
      if (track.kind !== Track.Kind.Audio || participant.sid !== robot?.sid) return;
      track.attach(audio);
      listener.robotAudio(track.mediaStreamTrack);
    })
    .on(RoomEvent.TrackUnsubscribed, (track, _publication, participant) => {
      track.detach(audio);
      if (live && participant.isAgent) listener.robotAudio(null);
    })
    .on(RoomEvent.TrackSubscriptionFailed, () => live && listener.line('robot_silent'))
    .on(RoomEvent.DataReceived, (payload, participant, _kind, topic) => {
      if (!live || topic !== EVENT_TOPIC || !participant?.isAgent) return;
      const arrivedMs = performance.now();
      const event = parseCallerEvent(payload);
      if (event) listener.event(event, arrivedMs);
    })
    .on(RoomEvent.AudioPlaybackStatusChanged, () => live && listener.playback(room.canPlaybackAudio))
    .on(RoomEvent.SignalReconnecting, () => live && listener.line('reconnecting'))
    .on(RoomEvent.Reconnecting, () => live && listener.line('reconnecting'))
    .on(RoomEvent.Reconnected, () => {
      if (!live) return;
      listener.line('reconnected');
      meetAll();
      if (robot === null) listener.robot(false);
    })
    .on(RoomEvent.Disconnected, (reason) => {
      brokenBy = reason;
      end();
    });
  mic.on(TrackEvent.Ended, () => live && listener.line('mic_lost'));
  room.registerTextStreamHandler(TRANSCRIPT_TOPIC, (reader, { identity }) => {
    // The server lets agents alone speak in another's name: what comes in ours is what one of them understood.
    const ours = identity === room.localParticipant.identity;
    if (!ours && !room.remoteParticipants.get(identity)?.isAgent) return;
    void readTranscript(room, reader, ours, (segment) => live && listener.transcript(segment));
  });
  return {
    joined: () => {
      joined = true;
      end();
    },
    stop: () => void (live = false),
  };
}

/**
 * A stream is one state of one segment; its text may come in pieces. Streams in the caller's name, or about the
 * caller's own track, are what the robot understood.
 * @param {Room} room
 * @param {import('livekit-client').TextStreamReader} reader
 * @param {boolean} inOurName
 * @param {(segment: Segment) => void} tell
 */
async function readTranscript(room, reader, inOurName, tell) {
  const attributes = reader.info.attributes ?? {};
  const ours = inOurName || [...room.localParticipant.audioTrackPublications.values()].some((publication) => publication.trackSid === attributes['lk.transcribed_track_id']);
  /** @type {Segment} */
  const segment = { id: attributes['lk.segment_id'] ?? reader.info.id, from: ours ? 'caller' : 'robot', text: '', final: false };
  try {
    for await (const piece of reader) {
      segment.text += piece;
      tell({ ...segment });
    }
    tell({ ...segment, final: attributes['lk.transcription_final'] !== 'false' });
  } catch {
    // The stream broke off with its sender or was too long; what came of it stays on the page.
  }
}
