// @ts-check

import { createSession } from './api.js';
import { endProblem, joinProblem, micProblem, ProblemError } from './classify.js';
import { Continuity } from './continuity.js';
import { ConversationView } from './conversation-view.js';
import { forgetFaults, watchFaults } from './faults.js';
import { clearNotices, phaseOf, showLine, showPresence } from './notices.js';
import { Panel } from './panel.js';
import { problem } from './problems.js';
import { RobotSelect } from './robot-select.js';
import { IDLE } from './status.js';
import { cleanName } from './text.js';
import { decodeToken, readFragment } from './token.js';
import { fillTokenForm, typedWayIn } from './token-form.js';
import { withSegment } from './transcript.js';
import { TurnLinks } from './turn-links.js';
import { byId, clearProblem, clearProblems, showProblem, showState } from './view.js';

/** @import { LocalAudioTrack } from 'livekit-client' */
/** @import { CallerEvent } from '../voice-node/domain/events.js' */
/** @import { MicOptions, Session, SessionListener } from './session.js' */
/** @import { PageState } from './status.js' */
/** @import { Segment } from './transcript.js' */

const KEPT_EVENTS = 2000;

const deviceSelect = byId('device', HTMLSelectElement);
const audio = byId('reply-audio', HTMLAudioElement);
const toggles = [byId('opt-echo', HTMLInputElement), byId('opt-noise', HTMLInputElement), byId('opt-gain', HTMLInputElement)];

const robots = new RobotSelect();
const conversation = new ConversationView();
const links = new TurnLinks();
conversation.onrender = () => links.refresh();
const panel = new Panel();
panel.onDeadMicrophone = (/** @type {boolean} */ dead) => {
  if (dead) showProblem(problem('mic_silent'));
  else clearProblem('mic_silent');
};

/** @type {PageState} */
let state = IDLE;
/** @type {CallerEvent[]} */
let events = [];
/** @type {readonly Segment[]} */
let segments = [];
/** @type {Session | null} */
let session = null;
/** @type {LocalAudioTrack | null} */
let mic = null;
let robotLost = false;
let continuity = new Continuity();
/** Counts the calls: what belongs to an older one is late and is dropped. */
let generation = 0;

/** @param {Partial<PageState>} change */
function setState(change) {
  state = Object.freeze({ ...state, ...change });
  showState(state, robotLost);
}

// For end-to-end tests and the curious; read-only.
Object.defineProperty(window, 'voiceNode', {
  value: Object.freeze({
    get events() {
      return Object.freeze(events.slice());
    },
    get state() {
      return state;
    },
    get transcript() {
      return segments;
    },
    get conversation() {
      return conversation.lines;
    },
  }),
});

/** @returns {MicOptions & { deviceId?: string }} */
function micOptions() {
  const [echo, noise, gain] = toggles;
  return {
    echoCancellation: echo?.checked ?? true,
    noiseSuppression: noise?.checked ?? true,
    autoGainControl: gain?.checked ?? true,
    ...(deviceSelect.value === '' ? {} : { deviceId: deviceSelect.value }),
  };
}

/**
 * One call: microphone first (people take their time to answer the browser's question, and a token lives for
 * minutes only), then the way in, then the room.
 * @param {() => Promise<{ url: string, token: string, robot: string | null, sessionId: string | null }>} wayIn
 */
async function startCall(wayIn) {
  if (!['idle', 'ended'].includes(state.phase)) return;
  const mine = ++generation;
  clearProblems();
  forgetFaults();
  events = [];
  segments = [];
  robotLost = false;
  continuity = new Continuity();
  conversation.start();
  panel.start();
  setState({ ...IDLE, phase: 'microphone' });
  /** @type {string | null} */
  let token = null;
  try {
    const { join, openMicrophone } = await import('./session.js').catch((error) => {
      throw new ProblemError(problem('page_incomplete', String(error)));
    });
    const track = await openMicrophone(micOptions()).catch((error) => {
      throw new ProblemError(micProblem(error));
    });
    if (mine !== generation) return track.stop();
    mic = track;
    panel.listenToCaller(track.mediaStreamTrack);
    void listDevices();
    setState({ phase: 'session' });
    const way = await wayIn();
    token = way.token;
    if (mine !== generation) return;
    setState({ phase: 'connecting', robot: way.robot, sessionId: way.sessionId });
    const joined = await join({ url: way.url, token, mic: track, audio }, listener(mine));
    if (mine !== generation) return void joined.leave();
    session = joined;
    // The line may already be under repair again.
    setState({ room: joined.room(), ...(state.phase === 'connecting' ? { phase: 'connected' } : {}) });
  } catch (error) {
    if (mine !== generation) return;
    showProblem(joinProblem(error, token === null ? null : decodeToken(token), Date.now()));
    finish('idle');
  }
}

/**
 * @param {'idle' | 'ended'} phase
 */
function finish(phase) {
  generation++;
  void session?.leave();
  session = null;
  mic?.stop();
  mic = null;
  clearNotices();
  panel.stop();
  conversation.end();
  void robots.refresh();
  setState({ phase, robotPresent: false, agentState: null, soundBlocked: false, muted: false });
}

/**
 * @param {number} mine the call these belong to
 * @returns {SessionListener}
 */
function listener(mine) {
  /** @template {unknown[]} Args @param {(...args: Args) => void} act @returns {(...args: Args) => void} */
  const guarded = (act) => (...args) => {
    if (mine === generation) act(...args);
  };
  return {
    robot: guarded((presence) => {
      const present = presence === 'here' || presence === 'replaced';
      robotLost = presence === 'left' || presence === 'lost';
      showPresence(presence);
      if (presence !== 'here') conversation.end();
      if (presence === 'replaced') {
        continuity.replaced();
        panel.robotReplaced();
      } else if (!present) panel.robotLeft();
      setState({ robotPresent: present, agentState: null });
    }),
    agentState: guarded((agentState) => setState({ agentState })),
    event: guarded((sent, arrivedMs) => {
      const event = continuity.apply(sent, arrivedMs);
      events.push(event);
      if (events.length > KEPT_EVENTS) events.splice(0, events.length - KEPT_EVENTS);
      panel.take(event, arrivedMs);
      conversation.take(event);
      if (event.type === 'call') setState({ robot: cleanName(event.robot) });
      watchFaults(event);
    }),
    transcript: guarded((segment) => {
      segments = withSegment(segments, segment);
      conversation.hear(segment);
    }),
    microphone: guarded((track) => panel.listenToCaller(track)),
    robotAudio: guarded((track) => panel.listenToRobot(track)),
    playback: guarded((allowed) => {
      setState({ soundBlocked: !allowed });
      if (allowed) clearProblem('playback_blocked');
      else showProblem(problem('playback_blocked'));
    }),
    line: guarded((code) => {
      showLine(code);
      const phase = phaseOf(code);
      if (phase !== null) setState({ phase });
    }),
    ended: guarded((reason, error) => {
      const found = error === undefined ? endProblem(reason) : joinProblem(error, null, Date.now());
      if (found) showProblem(found);
      finish('ended');
    }),
  };
}

/** Offers the microphones by name where there is a choice; their names are known only after permission. */
async function listDevices() {
  const inputs = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === 'audioinput' && device.deviceId !== '');
  const chosen = deviceSelect.value || mic?.mediaStreamTrack.getSettings().deviceId;
  deviceSelect.replaceChildren(...inputs.map((device, i) => new Option(device.label || `Microphone ${i + 1}`, device.deviceId, false, device.deviceId === chosen)));
  byId('device-field', HTMLElement).hidden = inputs.length < 2;
}

/** Applies another device or other processing during a call. */
async function restartMicrophone() {
  const track = mic;
  if (!track) return;
  try {
    await track.restartTrack({ ...micOptions(), channelCount: 1 });
    if (track === mic) panel.listenToCaller(track.mediaStreamTrack);
  } catch (error) {
    showProblem(micProblem(error));
  }
}

function prefill() {
  const given = readFragment(location.hash);
  fillTokenForm(given);
  if (given.robot !== null) robots.choose(given.robot);
}

byId('form-session', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  void startCall(() => createSession(robots.chosen));
});
byId('form-token', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  // What is typed wrong is said before the browser asks for the microphone.
  try {
    const way = typedWayIn();
    void startCall(async () => way);
  } catch (error) {
    clearProblems();
    showProblem(joinProblem(error, null, Date.now()));
  }
});
byId('hangup', HTMLButtonElement).addEventListener('click', () => finish(state.phase === 'connected' || state.phase === 'reconnecting' ? 'ended' : 'idle'));
byId('mute', HTMLButtonElement).addEventListener('click', () => {
  const muted = !state.muted;
  setState({ muted });
  panel.setMuted(muted);
  void session?.setMuted(muted);
});
byId('play', HTMLButtonElement).addEventListener('click', () => {
  panel.wake();
  void session?.startAudio();
});
for (const toggle of [...toggles, deviceSelect]) toggle.addEventListener('change', () => void restartMicrophone());
navigator.mediaDevices?.addEventListener('devicechange', () => mic && void listDevices());
addEventListener('hashchange', prefill);

prefill();
showState(state, robotLost);
void robots.refresh();
