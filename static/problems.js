// @ts-check

import { cleanText } from './text.js';

/** @import { ErrorCode } from '../voice-node/domain/errors.js' */

/**
 * What can go wrong, in words for the person at the microphone: what happened, and what to do about it.
 * @typedef {object} Problem
 * @property {string} code stable, for tests and support
 * @property {'error' | 'warning'} severity a warning does not end the call
 * @property {string} title
 * @property {string} what
 * @property {string} todo
 */

/** @type {Record<string, readonly [severity: 'error' | 'warning', title: string, what: string, todo: string]>} */
const PROBLEMS = {
  insecure_context: ['error', 'No microphone on this address', 'Browsers give a microphone only to pages that come over https or from this computer.', 'Open the page over https, or on the computer that runs the node as http://127.0.0.1.'],
  mic_refused: ['error', 'Microphone refused', 'The browser or the system did not let this page use the microphone.', 'Allow the microphone in the address bar (and in the system’s privacy settings), then start again.'],
  mic_missing: ['error', 'No microphone found', 'There is no microphone connected that the browser can use.', 'Connect one, check that it is switched on, then start again.'],
  mic_busy: ['error', 'Microphone in use', 'Another program holds the microphone.', 'Close the other program (a meeting, a recorder), then start again.'],
  mic_failed: ['error', 'Microphone failed', 'The browser could not open the microphone.', 'Try another microphone or restart the browser, then start again.'],
  mic_lost: ['error', 'Microphone lost', 'The microphone was unplugged or taken away during the call; the robot hears nothing.', 'Connect it again, hang up, and start a new call.'],
  mic_silent: ['warning', 'Your microphone gives pure silence', 'Not even noise comes from it, so it is probably switched off or the wrong one.', 'Check its switch and the system’s sound settings.'],
  page_incomplete: ['error', 'The page is incomplete', 'A part of this page could not be loaded.', 'Reload the page. If it stays, the node was not built completely: see its log.'],
  api_unreachable: ['error', 'The node does not answer', 'The request for a session got no answer.', 'Check that the node runs and that you are online, then start again.'],
  api_busy: ['error', 'All lines are busy', 'The node carries as many calls as it can.', 'Try again in a minute.'],
  api_refused: ['error', 'The session was refused', 'The node did not accept the request.', 'Choose another robot, or reload the page.'],
  robot_unavailable: ['error', 'This robot cannot take calls yet', 'A key, a program or a file that it needs is missing.', 'Choose another robot; “voice-node robots check” says what is missing.'],
  api_failed: ['error', 'The node could not make a session', 'Something failed inside the node.', 'Try again; if it stays, look into the node’s log.'],
  url_missing: ['error', 'The server’s address is missing', 'A token alone does not say which server it is for.', 'Enter the LiveKit address, for example ws://127.0.0.1:7880.'],
  url_invalid: ['error', 'This is no server address', 'A LiveKit address begins with ws:// or wss://.', 'Correct the address, for example ws://127.0.0.1:7880.'],
  url_mixed: ['error', 'The browser forbids this address', 'From a page over https only wss:// addresses may be opened.', 'Use the wss:// address of the server.'],
  token_missing: ['error', 'The token is missing', 'A LiveKit server lets nobody in without a token.', 'Paste one; scripts/gen-token --identity my-user prints one.'],
  token_malformed: ['error', 'This is no access token', 'A token has three parts with dots between them; this text has not, or is cut off.', 'Copy the whole token again.'],
  token_expired: ['error', 'The token has expired', 'It was valid for a limited time, which is over.', 'Make a new one with scripts/gen-token, or use the button for a new session.'],
  token_refused: ['error', 'The token was refused', 'The server does not accept it: it was signed with another key, or does not allow to join this room.', 'Make a token with the keys of this very server.'],
  server_unreachable: ['error', 'LiveKit server not reachable', 'There is no answer at the server’s address.', 'Check the address, that the server runs, and that no firewall is between.'],
  server_failed: ['error', 'The LiveKit server failed', 'The server answered with an error of its own.', 'Try again; if it stays, look into the server’s log.'],
  room_full: ['error', 'The room is full', 'The server answers and accepts the token, but does not open the line: most often because the room is full, sometimes because something on the way blocks WebSockets.', 'Wait until someone leaves, use another room, or try another network.'],
  room_missing: ['error', 'There is no such room', 'The server does not know the room and may not create it.', 'Use the button for a new session, or create the room first.'],
  media_blocked: ['error', 'No way for the sound', 'The server answers, but no audio connection could be made within 15 seconds.', 'A firewall probably blocks UDP and the TCP port of LiveKit: ask whoever runs the network, or try another one.'],
  robot_absent: ['warning', 'No robot came', 'You are in the room, but no robot joined within 10 seconds.', 'Check that the node runs and is registered with this server (its /readyz says so). It may still come; or hang up and try again.'],
  robot_missed: ['warning', 'The robot was cut off', 'It lost its line or its process. The call goes on: it comes back, as a rule within seconds, and knows what was said.', 'Wait a moment.'],
  robot_left: ['warning', 'The robot has hung up', 'It came to the end of the conversation, or heard nothing for too long, or an operator ended the call, or its node is being stopped.', 'Hang up, and start a new call.'],
  robot_lost: ['warning', 'The robot has not come back', 'It was cut off more than 20 seconds ago, and no other has taken up the call.', 'It may still come; or hang up, and start a new call.'],
  robot_silent: ['warning', 'The robot cannot be heard', 'The browser could not receive the robot’s audio track.', 'Hang up, and start a new call.'],
  reconnecting: ['warning', 'Connection lost, reconnecting', 'The line to the server broke; what you say now is not heard.', 'Wait a moment. If it stays, check your network.'],
  rejoining: ['warning', 'The connection is gone; trying again', 'The server does not answer. The call goes on when it does; until then nobody hears what you say.', 'Wait, for two minutes at most, or hang up.'],
  connection_lost: ['error', 'Connection lost', 'The line to the server broke, and two minutes of trying did not bring it back.', 'Check your network, then start a new call.'],
  server_shutdown: ['error', 'The server is going down', 'The LiveKit server stopped, and was not back within two minutes.', 'Start a new call in a moment.'],
  removed: ['error', 'You were removed from the room', 'Whoever runs the server ended your call.', 'Start a new call.'],
  room_closed: ['error', 'The call was ended', 'The room was closed.', 'Start a new call.'],
  superseded: ['error', 'Taken over elsewhere', 'Someone joined with the same identity, perhaps you in another tab, so this call ended.', 'Use one tab only, or a token with another identity.'],
  playback_blocked: ['warning', 'Sound is blocked', 'The browser plays no sound before you ask for it.', 'Press “Start sound”.'],
  node_error: ['warning', 'The robot reports a fault', 'Something failed on its side.', 'Speak again; if it happens again, look into the node’s log.'],
  unknown: ['error', 'Something went wrong', 'An unexpected fault ended the attempt.', 'Try again; reload the page if it stays.'],
};

/** What the node's codes (in its `error` events and in turns that failed) mean to a caller. */
/** @type {Record<ErrorCode, readonly [what: string, todo: string]>} */
const NODE_ERRORS = {
  config_invalid: ['The node’s settings are wrong.', 'Look into the node’s log.'],
  argument_invalid: ['The node was asked for something it does not know.', 'Reload the page, and look into the node’s log.'],
  robot_unknown: ['The node has no robot of this name.', 'Choose another robot.'],
  robot_invalid: ['The robot’s configuration is wrong.', 'Choose another robot, and look into the node’s log.'],
  robot_unavailable: ['The robot cannot take calls: a key, a program or a file is missing.', 'Choose another robot; “voice-node robots check” says what is missing.'],
  audio_format: ['Audio came in a form that the robot cannot use.', 'Look into the node’s log.'],
  port_taken: ['The node’s port is in use.', 'Look into the node’s log.'],
  auth_failed: ['The LiveKit server does not accept the node’s key.', 'Look into the node’s log.'],
  worker_refused: ['The LiveKit server does not accept the node.', 'Look into the node’s log.'],
  worker_unreachable: ['The node cannot reach the LiveKit server.', 'Check that the server runs.'],
  transport_connect: ['The robot could not connect to the room.', 'Hang up, and start a new call.'],
  transport_lost: ['The robot lost its line to the room.', 'Hang up, and start a new call.'],
  transport_publish: ['The robot could not send its voice.', 'Hang up, and start a new call.'],
  transport_timeout: ['The robot’s line to the room did not answer in time.', 'Hang up, and start a new call.'],
  answer_failed: ['The robot could not make an answer.', 'Say it again.'],
  answer_timeout: ['The robot took too long for an answer.', 'Say it again, or wait a moment.'],
  denoise_failed: ['The noise suppression failed, so the robot cannot hear you.', 'Hang up, and start a new call.'],
  vad_failed: ['The speech detector failed, so the robot cannot hear you.', 'Hang up, and start a new call.'],
  turn_model_failed: ['The model that tells when you have finished speaking failed; the pause alone tells it now.', 'Go on; the node’s log says why.'],
  journal_failed: ['The node cannot write down where the call stands; the call goes on.', 'Go on; the node’s log says why.'],
  shard_failed: ['A process of the node died; another one takes up the call.', 'Wait a moment, and say it again.'],
  at_capacity: ['The node carries as many calls as it can.', 'Try again in a minute.'],
  tool_failed: ['A tool that the robot wanted to use failed.', 'Say it again.'],
  provider_unreachable: ['A service that the robot needs cannot be reached.', 'Say it again; if it stays, check that the service runs and that the node is online.'],
  provider_connect_timeout: ['A service that the robot needs did not take the request in time.', 'Say it again; if it stays, check the service and the node’s network.'],
  provider_first_timeout: ['A service that the robot needs did not begin to answer in time.', 'Say it again, or wait a moment.'],
  provider_gap_timeout: ['A service that the robot needs stopped in the middle of its answer.', 'Say it again, or wait a moment.'],
  provider_total_timeout: ['A service that the robot needs took too long for the whole answer.', 'Say it again, or ask for something shorter.'],
  provider_auth: ['A service that the robot needs does not accept the robot’s key.', 'Check the key: “voice-node robots check” says which one.'],
  provider_rate_limited: ['A service that the robot needs asks for fewer requests.', 'Wait a minute, then say it again.'],
  provider_rejected: ['A service that the robot needs refused the request.', 'Look into the node’s log: the robot’s settings do not suit the service.'],
  provider_unavailable: ['A service that the robot needs has trouble of its own.', 'Say it again in a moment.'],
  provider_protocol: ['A service that the robot needs gave an answer that nobody understands.', 'Look into the node’s log; the address in the robot’s settings may be another service’s.'],
  provider_broken: ['A service that the robot needs broke off in the middle of its answer.', 'Say it again.'],
  provider_overflow: ['A service that the robot needs gave more than anybody could listen to.', 'Say it again.'],
  internal: ['Something inside the node went wrong.', 'Start a new call; if it happens again, look into the node’s log.'],
};

/** Longest text of others that is shown. */
const MAX_DETAIL_CHARS = 300;

/**
 * @param {string} code
 * @param {string} [detail] what the other side said, shown as it is
 * @returns {Problem}
 */
export function problem(code, detail) {
  const known = Object.hasOwn(PROBLEMS, code);
  const [severity, title, what, todo] = /** @type {typeof PROBLEMS[string]} */ (PROBLEMS[known ? code : 'unknown']);
  return { code: known ? code : 'unknown', severity, title, what: withDetail(what, detail), todo };
}

/**
 * @param {{ code: string, message: string }} event the node's `error` event
 * @returns {Problem}
 */
export function nodeProblem({ code, message }) {
  const base = problem('node_error');
  const [what, todo] = wordsOf(code) ?? [base.what, base.todo];
  return { ...base, what: withDetail(what, `${code}: ${message}`), todo };
}

/**
 * Why a turn failed, in plain words.
 * @param {string | null} code the turn's `error`; null where it said none
 */
export function faultWords(code) {
  return wordsOf(code)?.[0] ?? 'The robot could not answer.';
}

/** @param {string | null} code */
function wordsOf(code) {
  return code !== null && Object.hasOwn(NODE_ERRORS, code) ? NODE_ERRORS[/** @type {ErrorCode} */ (code)] : undefined;
}

/** The node's codes that have words of their own, for tests. */
export const NODE_ERROR_CODES = Object.freeze(Object.keys(NODE_ERRORS));

/**
 * Adds what the other side said, without what it quotes of a token: whoever sees the screen could use it.
 * @param {string} what
 * @param {string | undefined} detail
 */
function withDetail(what, detail) {
  const said = detail === undefined ? '' : cleanText(detail, 4 * MAX_DETAIL_CHARS).replaceAll(/eyJ[\w-]+(\.[\w-]*)*/g, '…').replace('could not establish signal connection: ', '').trim();
  if (!said) return what;
  return `${what} (${said.length > MAX_DETAIL_CHARS ? `${said.slice(0, MAX_DETAIL_CHARS)}…` : said})`;
}

/** Every code there is, for tests. */
export const PROBLEM_CODES = Object.freeze(Object.keys(PROBLEMS));
