// @ts-check

/**
 * Where a call is. The page moves through these in order; `reconnecting` goes back to `connected`.
 * @typedef {'idle' | 'microphone' | 'session' | 'connecting' | 'connected' | 'reconnecting' | 'ended'} Phase
 */

/**
 * What `window.voiceNode.state` shows to tests and tools.
 * @typedef {object} PageState
 * @property {Phase} phase
 * @property {string | null} agentState last value of `lk.agent.state`; null while no robot is there
 * @property {boolean} robotPresent
 * @property {boolean} muted
 * @property {boolean} soundBlocked
 * @property {string | null} robot
 * @property {string | null} room
 * @property {string | null} sessionId
 */

/** @type {PageState} */
export const IDLE = Object.freeze({ phase: 'idle', agentState: null, robotPresent: false, muted: false, soundBlocked: false, robot: null, room: null, sessionId: null });

/** Words for the phases in which nothing can be heard yet, or any more. */
/** @type {Record<Exclude<Phase, 'connected'>, string>} */
const PHASE_WORDS = {
  idle: 'No call',
  microphone: 'Waiting for the microphone',
  session: 'Asking for a session',
  connecting: 'Connecting',
  reconnecting: 'Reconnecting',
  ended: 'Call ended',
};

/** @type {Record<string, string>} */
const AGENT_WORDS = {
  initializing: 'Getting ready',
  listening: 'Listening',
  thinking: 'Thinking',
  speaking: 'Speaking',
};

/**
 * The state in one key (for colours) and in words.
 * @param {Pick<PageState, 'phase' | 'agentState' | 'robotPresent'>} state
 * @param {boolean} robotLost whether there was one that is not expected back
 * @returns {{ key: string, words: string }}
 */
export function statusOf({ phase, agentState, robotPresent }, robotLost = false) {
  if (phase !== 'connected') return { key: phase, words: PHASE_WORDS[phase] };
  if (!robotPresent) return robotLost ? { key: 'gone', words: 'The robot is gone' } : { key: 'waiting', words: 'Waiting for the robot' };
  const known = agentState !== null && Object.hasOwn(AGENT_WORDS, agentState);
  return known ? { key: agentState, words: /** @type {string} */ (AGENT_WORDS[agentState]) } : { key: 'initializing', words: 'Getting ready' };
}

/**
 * Minutes and seconds: "0:07", "12:30".
 * @param {number} ms
 */
export function clockText(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
