// @ts-check

import { createLocalAudioTrack, TrackEvent } from '/vendor/livekit-client.esm.mjs';
import { isRefusal } from './classify.js';
import { isMeant, redial } from './redial.js';
import { RobotWatch } from './robot-watch.js';
import { RoomLine } from './room-line.js';

/** @import { LocalAudioTrack } from 'livekit-client' */
/** @import { CallerEvent } from '../voice-node/domain/events.js' */
/** @import { Presence } from './robot-watch.js' */
/** @import { Way } from './room-line.js' */
/** @import { Segment } from './transcript.js' */

/** The library's own deadlines (15 s for the socket, 15 s for the media) add up; a person gives up earlier. */
const JOIN_DEADLINE_MS = 20_000;

/** Where the line is made again, a server that hangs must not keep us from asking the one that takes its place. */
const REJOIN_DEADLINE_MS = 8000;

/**
 * @typedef {{ echoCancellation: boolean, noiseSuppression: boolean, autoGainControl: boolean }} MicOptions
 */

/**
 * What a session tells the page. None of these may throw.
 * @typedef {object} SessionListener
 * @property {(presence: Presence) => void} robot
 * @property {(state: string) => void} agentState value of `lk.agent.state`
 * @property {(event: CallerEvent, arrivedMs: number) => void} event
 * @property {(segment: Segment) => void} transcript
 * @property {(track: MediaStreamTrack | null) => void} robotAudio
 * @property {(track: MediaStreamTrack) => void} microphone it was opened anew, which the library does when it repairs a line
 * @property {(allowed: boolean) => void} playback whether the browser lets sound out
 * @property {(code: LineCode) => void} line
 * @property {(reason: string, error?: unknown) => void} ended name of LiveKit's DisconnectReason, and why the line
 *   could not be made again where the server refused that; called once
 */

/**
 * `reconnecting`: the library repairs the line; `rejoining`: that did not help, a new one is made.
 * @typedef {'reconnecting' | 'rejoining' | 'reconnected' | 'mic_lost' | 'robot_silent'} LineCode
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
 * Joins a room and publishes the microphone. A line that breaks by accident is made again, for two minutes.
 * @param {Way} way
 * @param {SessionListener} listener
 * @returns {Promise<Session>} rejects with the library's ConnectionError, or a DOMException (TimeoutError)
 */
export async function join(way, listener) {
  const call = new LastingCall(way, listener);
  await call.open(JOIN_DEADLINE_MS);
  return {
    room: () => call.room,
    setMuted: async (muted) => void (await (muted ? way.mic.mute() : way.mic.unmute())),
    startAudio: () => call.startAudio(),
    leave: () => call.leave(),
  };
}

/** A call over one line after the other, with the same microphone and in the same room. */
class LastingCall {
  #way;
  #listener;
  #robot;
  #gone = new AbortController();
  /** @type {RoomLine | null} */
  #line = null;
  #room = '';

  /**
   * @param {Way} way
   * @param {SessionListener} listener
   */
  constructor(way, listener) {
    this.#way = way;
    this.#listener = listener;
    this.#robot = new RobotWatch((presence) => !this.#gone.signal.aborted && listener.robot(presence));
    way.mic.on(TrackEvent.Restarted, () => !this.#gone.signal.aborted && listener.microphone(way.mic.mediaStreamTrack));
    way.mic.on(TrackEvent.Ended, () => !this.#gone.signal.aborted && listener.line('mic_lost'));
  }

  get room() {
    return this.#line?.room || this.#room;
  }

  async startAudio() {
    await this.#line?.startAudio();
  }

  async leave() {
    this.#gone.abort(new DOMException('the caller hung up', 'AbortError'));
    this.#robot.pause();
    await this.#line?.close();
  }

  /**
   * @param {number} deadlineMs
   */
  async open(deadlineMs) {
    const line = new RoomLine(this.#way, this.#listener, {
      robot: this.#robot,
      token: (token) => (this.#way = { ...this.#way, token }),
      broken: (reason) => void this.#onBroken(reason),
    });
    this.#line = line;
    try {
      await withDeadline(line.open(), deadlineMs, this.#gone.signal);
      this.#room = line.room;
    } catch (error) {
      this.#robot.pause();
      void line.close();
      throw error;
    }
  }

  /** @param {string} reason */
  async #onBroken(reason) {
    const { signal } = this.#gone;
    if (signal.aborted) return;
    this.#robot.lineLost();
    if (isMeant(reason)) return this.#listener.ended(reason);
    this.#listener.line('rejoining');
    try {
      await redial(() => this.open(REJOIN_DEADLINE_MS), { isHopeless: isRefusal, signal });
      this.#listener.line('reconnected');
    } catch (error) {
      if (!signal.aborted) this.#listener.ended(reason, isRefusal(error) ? error : undefined);
    }
  }
}

/**
 * @param {Promise<void>} work
 * @param {number} deadlineMs
 * @param {AbortSignal} signal
 */
async function withDeadline(work, deadlineMs, signal) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {(() => void) | undefined} */
  let stop;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new DOMException(`the server did not let us in within ${deadlineMs / 1000} s`, 'TimeoutError')), deadlineMs);
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    signal.throwIfAborted();
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    if (stop) signal.removeEventListener('abort', stop);
  }
}
