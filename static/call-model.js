// @ts-check

import { closed, decide, decisionWords } from './decisions.js';
import { cleanName } from './text.js';

/** @import { CallerEvent, TurnReport } from '../voice-node/domain/events.js' */
/** @import { Decision } from './decisions.js' */

/**
 * Speech of the caller as the detector saw it. All times in ms of the call.
 * @typedef {object} Speech
 * @property {number} turn
 * @property {number} onsetMs the first voiced frame
 * @property {number} t1Ms when the detector knew
 * @property {number | null} offsetMs the last voiced frame; null while the caller speaks
 * @property {number | null} t2Ms when the detector knew that it was over
 * @property {boolean} dropped it was no speech after all, or too short to answer
 */

/**
 * A reply of the robot as it was played. All times in ms of the call.
 * @typedef {object} Reply
 * @property {number | null} turn null: nobody asked (a greeting)
 * @property {number} startMs
 * @property {number | null} endMs null while it plays
 * @property {number | null} heardMs how much was played
 * @property {boolean} cut it ended before its end
 * @property {{ atMs: number, stopMs: number, heardMs: number } | null} bargeIn the interruption that ended it
 */

/**
 * Everything that is drawn from the node's events, except the curve of probabilities.
 * @typedef {object} CallModel
 * @property {{ callId: string, robot: string, rateHz: number, detector: string, denoise: boolean } | null} call
 * @property {readonly Speech[]} speeches oldest first
 * @property {readonly Reply[]} replies oldest first
 * @property {readonly Decision[]} decisions oldest first
 * @property {readonly TurnReport[]} turns newest first
 * @property {{ code: string, message: string } | null} lastError
 */

/** How many turns the page lists. */
export const SHOWN_TURNS = 8;

/** How many spans of each kind are kept: far more than the strip's window can show. */
export const KEPT_SPANS = 100;

/** @type {CallModel} */
export const EMPTY_CALL = Object.freeze({ call: null, speeches: [], replies: [], decisions: [], turns: [], lastError: null });

/**
 * The model after one more event. The old model is left as it was.
 * @param {CallModel} model
 * @param {CallerEvent} event
 * @returns {CallModel}
 */
export function reduce(model, event) {
  switch (event.type) {
    case 'call':
      // In another call time begins anew: what was drawn of the old one has no place any more.
      return { ...(model.call === null || model.call.callId === event.callId ? model : { ...EMPTY_CALL, turns: model.turns }), call: { callId: event.callId, robot: cleanName(event.robot), rateHz: event.rateHz, detector: cleanName(event.detector), denoise: event.denoise === true } };
    case 'speech_started':
      return withSpeech(model, { turn: event.turn, onsetMs: event.onsetMs, t1Ms: event.atMs, offsetMs: null, t2Ms: null, dropped: false });
    case 'speech_ended':
      return changeSpeech(model, event.turn, { offsetMs: event.offsetMs, t2Ms: event.atMs });
    case 'speech_dropped':
      return changeSpeech(model, event.turn, { dropped: true, offsetMs: event.atMs });
    case 'reply_started':
      return withReply(model, { turn: event.turn ?? null, startMs: event.atMs, endMs: null, heardMs: null, cut: false, bargeIn: null });
    case 'reply_ended':
      return changeReply(released(model, event.atMs), event.turn, (reply) => ({ ...reply, endMs: reply.endMs ?? event.atMs, heardMs: event.heardMs, cut: reply.cut || event.cut }));
    case 'barge_in':
      return changeReply(released(model, event.atMs), event.turn, (reply) => ({
        ...reply,
        endMs: event.atMs,
        heardMs: event.heardMs,
        cut: true,
        bargeIn: { atMs: event.atMs, stopMs: event.stopMs, heardMs: event.heardMs },
      }));
    case 'interruption':
      return { ...model, decisions: decide(model.decisions, event) };
    case 'turn':
      return { ...model, turns: [reportOf(event), ...model.turns.filter((turn) => turn.turn !== event.turn)].slice(0, SHOWN_TURNS) };
    case 'error':
      return { ...model, lastError: { code: event.code, message: event.message } };
    case 'vad':
    case 'transcript':
    case 'reply_text':
      return model;
  }
}

/**
 * The robot has left: what it was saying, and what it was hearing, ends there.
 * @param {CallModel} model
 * @param {number} atMs in ms of the call
 * @returns {CallModel}
 */
export function robotLeft(model, atMs) {
  return {
    ...released(model, atMs),
    speeches: model.speeches.map((speech) => (speech.offsetMs === null ? { ...speech, offsetMs: Math.max(atMs, speech.onsetMs) } : speech)),
    replies: model.replies.map((reply) => (reply.endMs === null ? { ...reply, endMs: Math.max(atMs, reply.startMs), cut: true } : reply)),
  };
}

/**
 * Where a reply is over, it is not held any more.
 * @param {CallModel} model
 * @param {number} atMs
 * @returns {CallModel}
 */
function released(model, atMs) {
  const decisions = closed(model.decisions, atMs);
  return decisions === model.decisions ? model : { ...model, decisions };
}

/**
 * @param {Extract<CallerEvent, { type: 'turn' }>} event
 * @returns {TurnReport}
 */
function reportOf({ turn, end, marksMs, stagesMs, utteranceMs, heardMs, error }) {
  return { turn, end, marksMs, stagesMs, utteranceMs, heardMs, ...(error === undefined ? {} : { error }) };
}

/**
 * A packet that was lost must not leave a span open for ever: where something new begins, the old one is over.
 * @param {CallModel} model
 * @param {Speech} speech
 * @returns {CallModel}
 */
function withSpeech(model, speech) {
  const closed = model.speeches.map((old) => (old.offsetMs === null ? { ...old, offsetMs: speech.onsetMs } : old));
  return { ...model, speeches: [...closed, speech].slice(-KEPT_SPANS) };
}

/**
 * @param {CallModel} model
 * @param {Reply} reply
 * @returns {CallModel}
 */
function withReply(model, reply) {
  const closed = model.replies.map((old) => (old.endMs === null ? { ...old, endMs: reply.startMs } : old));
  return { ...model, replies: [...closed, reply].slice(-KEPT_SPANS) };
}

/**
 * @param {CallModel} model
 * @param {number} turn
 * @param {Partial<Speech>} change
 * @returns {CallModel}
 */
function changeSpeech(model, turn, change) {
  const index = model.speeches.findLastIndex((speech) => speech.turn === turn);
  const speech = model.speeches[index];
  return speech === undefined ? model : { ...model, speeches: model.speeches.with(index, { ...speech, ...change }) };
}

/**
 * Changes the last reply of the turn. `barge_in` names the reply's turn where it has one, so the newest reply
 * is meant where none does.
 * @param {CallModel} model
 * @param {number | undefined} turn
 * @param {(reply: Reply) => Reply} change
 * @returns {CallModel}
 */
function changeReply(model, turn, change) {
  const exact = model.replies.findLastIndex((reply) => reply.turn === (turn ?? null));
  const index = exact === -1 ? model.replies.length - 1 : exact;
  const reply = model.replies[index];
  return reply === undefined ? model : { ...model, replies: model.replies.with(index, change(reply)) };
}

/**
 * The newest happening in one sentence, for those who do not see the strip.
 * @param {CallModel} model
 */
export function describeCall(model) {
  const speech = model.speeches.at(-1);
  const reply = model.replies.at(-1);
  const decision = model.decisions.at(-1);
  const parts = [];
  if (speech) {
    const spoke = speech.offsetMs === null ? 'you are speaking' : `you spoke for ${Math.round(speech.offsetMs - speech.onsetMs)} ms`;
    parts.push(`Turn ${speech.turn}: ${spoke}${speech.dropped ? ', not counted as speech' : ''}`);
  }
  if (reply?.bargeIn) parts.push(`the reply was cut off ${Math.round(reply.bargeIn.stopMs)} ms after your voice began, ${Math.round(reply.bargeIn.heardMs)} ms of it were heard`);
  else if (reply) parts.push(reply.endMs === null ? 'the reply is playing' : `the reply ${reply.cut ? 'was cut off' : 'ended'} after ${Math.round(reply.heardMs ?? reply.endMs - reply.startMs)} ms`);
  if (reply && !reply.bargeIn && decision && decision.fromMs >= reply.startMs && decision.outcome !== 'speech') parts.push(decision.endMs === null ? 'it is held' : `it went on after ${decisionWords(decision).full}`);
  return parts.length === 0 ? 'Nothing was said yet' : parts.join('; ');
}
