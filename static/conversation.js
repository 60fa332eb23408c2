// @ts-check

import { besides } from './asides.js';
import { isOutcome } from './decisions.js';
import { cleanText } from './text.js';
import { addLine, changeAt, lastLine, NO_LINE } from './conversation-lines.js';

/** @import { CallerEvent, TurnEnd } from '../voice-node/domain/events.js' */
/** @import { Aside } from './asides.js' */
/** @import { Segment } from './transcript.js' */

/**
 * One line of the dialogue: what the caller said, what the robot said, or that a turn failed.
 * @typedef {object} Line
 * @property {number} key unique in the conversation
 * @property {'caller' | 'robot' | 'fault'} from
 * @property {number | null} atMs when it began, in ms of the call; null where nobody said
 * @property {number | null} turn null: it belongs to none (a greeting), or to a call that is over
 * @property {number | null} reply the reply's number, where its words told it
 * @property {string | null} segment the text stream it came from; null where it came as an event
 * @property {boolean} heard it was seen in the events of speech and reply, not in words alone
 * @property {string} text '' where there are no words
 * @property {boolean} final the words stand
 * @property {boolean} open it is being spoken
 * @property {number | null} spokenMs how long the caller spoke, or how much of the robot was played
 * @property {'cut' | 'interrupted' | 'failed' | null} cut why it ended before its end
 * @property {readonly Aside[]} asides what did not interrupt it; only on the robot's line
 * @property {number | null} heldSinceMs since when the reply is held, in ms of the call
 * @property {boolean} apology the recorded sentence after a failure
 * @property {boolean} dropped nobody has to answer it
 * @property {boolean} aside it was said while the robot spoke, and did not interrupt it
 * @property {TurnEnd | null} end of the turn; only on the caller's line
 * @property {boolean} linked it shows the way to the turn's stages: the answer, else the fault, else the question
 * @property {number | null} responseMs t2 to t6; only on the line with which the robot answered
 * @property {string | null} error why the turn failed; only on a fault's line
 */

/**
 * @typedef {object} Conversation
 * @property {readonly Line[]} lines in order of time
 * @property {number} gone how many older lines are not kept any more
 * @property {number} nextKey
 * @property {'none' | 'streams' | 'events'} words where they come from: never from both, or all would stand twice
 * @property {string | null} callId
 * @property {number | null} awaited the turn that the robot has yet to answer
 */

/** @type {Conversation} */
export const EMPTY_CONVERSATION = Object.freeze({ lines: [], gone: 0, nextKey: 1, words: 'none', callId: null, awaited: null });

/**
 * The conversation after one more event of the node. The old one is left as it was.
 * @param {Conversation} talk
 * @param {CallerEvent} event
 * @returns {Conversation}
 */
export function converse(talk, event) {
  switch (event.type) {
    case 'call':
      return event.callId === talk.callId ? talk : { ...sealed(talk), callId: event.callId };
    case 'speech_started':
      return speechStarted(talk, event);
    case 'speech_ended':
      return { ...changeCaller(talk, event.turn, (line) => ({ open: false, spokenMs: spanMs(line.atMs, event.offsetMs) })), awaited: event.turn };
    case 'speech_dropped':
      return speechDropped(talk, event.turn);
    case 'transcript':
      return transcript(fromEvents(talk), event);
    case 'reply_started':
      return replyStarted(talk, event);
    case 'reply_text':
      return replyText(fromEvents(talk), event);
    case 'reply_ended':
      return changeReply(talk, event.turn, (line) => ({ open: false, final: true, spokenMs: event.heardMs, cut: line.cut ?? (event.cut ? 'cut' : null) }));
    case 'barge_in':
      return changeReply(talk, event.turn, () => ({ open: false, final: true, spokenMs: event.heardMs, cut: 'interrupted' }));
    case 'interruption':
      return interruption(talk, event);
    case 'turn':
      return turnEnded(talk, event);
    case 'vad':
    case 'error':
      return talk;
  }
}

/**
 * The conversation with one more state of a text stream. Only where the node sends no words in its events: a
 * foreign node, or an older one.
 * @param {Conversation} talk
 * @param {Segment} segment
 * @returns {Conversation}
 */
export function withWords(talk, segment) {
  if (talk.words === 'events') return talk;
  const { from, id, final } = segment;
  const change = { segment: id, text: cleanText(segment.text), final };
  const known = talk.lines.findLastIndex((line) => line.from === from && line.segment === id);
  // Speech that was seen and has no words yet: these are its words.
  const wordless = known === -1 ? lastLine(talk, (line) => line.from === from && line.heard && line.segment === null && line.text === '') : known;
  if (wordless !== -1) return { ...changeAt(talk, wordless, () => change), words: 'streams' };
  return { ...addLine(talk, { ...NO_LINE, from, ...change }), words: 'streams' };
}

/**
 * The call is over: nothing is being said any more.
 * @param {Conversation} talk
 * @returns {Conversation}
 */
export function callEnded(talk) {
  return { ...talk, awaited: null, lines: talk.lines.map((line) => (line.open || !line.final ? { ...line, open: false, final: true } : line)) };
}

/**
 * Another call in the same room (the node was restarted): its turns count from 1 again and are not the old ones.
 * @param {Conversation} talk
 * @returns {Conversation}
 */
function sealed(talk) {
  if (talk.callId === null) return talk;
  const over = callEnded(talk);
  return { ...over, lines: over.lines.map((line) => ({ ...line, atMs: null, turn: null, reply: null, segment: null, heard: false })) };
}

/**
 * Words come as events after all: what the text streams had brought until now goes, it will come again.
 * @param {Conversation} talk
 * @returns {Conversation}
 */
function fromEvents(talk) {
  if (talk.words === 'events') return talk;
  const lines = talk.lines.filter((line) => line.segment === null || line.heard).map((line) => (line.segment === null ? line : { ...line, segment: null, text: '', final: false }));
  return { ...talk, words: 'events', lines };
}

/**
 * A packet that was lost must not leave a line open for ever: where the caller speaks anew, the old line is over.
 * @param {Conversation} talk
 * @param {Extract<CallerEvent, { type: 'speech_started' }>} event
 * @returns {Conversation}
 */
function speechStarted(talk, { turn, onsetMs }) {
  const quiet = { ...talk, awaited: null, lines: talk.lines.map((line) => (line.from === 'caller' && line.open && line.turn !== turn ? { ...line, open: false } : line)) };
  if (callerIndex(quiet, turn) !== -1) return changeCaller(quiet, turn, () => ({ open: true, heard: true }));
  return addLine(quiet, { ...NO_LINE, from: 'caller', turn, atMs: onsetMs, open: true, heard: true });
}

/**
 * @param {Conversation} talk
 * @param {number} turn
 * @returns {Conversation}
 */
function speechDropped(talk, turn) {
  const index = callerIndex(talk, turn);
  const quiet = { ...talk, awaited: null };
  if (talk.lines[index]?.text === '') return { ...quiet, lines: talk.lines.toSpliced(index, 1) };
  return changeCaller(quiet, turn, () => ({ open: false, final: true, dropped: true }));
}

/**
 * @param {Conversation} talk
 * @param {Extract<CallerEvent, { type: 'interruption' }>} event
 * @returns {Conversation}
 */
function interruption(talk, event) {
  const beside = changeReply(talk, event.turn, ({ asides, heldSinceMs }) => besides({ asides, heldSinceMs }, event));
  if (!isOutcome(event.decision) || event.decision === 'speech') return beside;
  return changeAt(beside, lastLine(beside, (line) => line.from === 'caller' && line.open), () => ({ aside: true }));
}

/**
 * @param {Conversation} talk
 * @param {Extract<CallerEvent, { type: 'transcript' }>} event
 * @returns {Conversation}
 */
function transcript(talk, { turn, atMs, text, final }) {
  const index = callerIndex(talk, turn);
  const words = { text: cleanText(text), final };
  if (index === -1) return addLine(talk, { ...NO_LINE, from: 'caller', turn, atMs, ...words });
  // A guess that was overtaken by the final words.
  if (talk.lines[index]?.final && !final) return talk;
  return changeAt(talk, index, () => words);
}

/**
 * @param {Conversation} talk
 * @param {Extract<CallerEvent, { type: 'reply_started' }>} event
 * @returns {Conversation}
 */
function replyStarted(talk, { turn: asked, atMs }) {
  const turn = asked ?? null;
  const quiet = { ...talk, awaited: null };
  // Its words were quicker than the news of it.
  const early = lastLine(quiet, (line) => line.from === 'robot' && line.turn === turn && line.reply !== null && !line.heard);
  if (early !== -1) return changeAt(quiet, early, (line) => ({ heard: true, open: !line.final }));
  // Unasked, right after a turn that failed: that is the apology, even where it has no words. Its words would tell.
  const apology = turn === null && quiet.lines.at(-1)?.from === 'fault';
  return addLine(quiet, { ...NO_LINE, from: 'robot', turn, atMs, open: true, heard: true, apology });
}

/**
 * @param {Conversation} talk
 * @param {Extract<CallerEvent, { type: 'reply_text' }>} event
 * @returns {Conversation}
 */
function replyText(talk, { reply, turn: asked, atMs, text, final, apology }) {
  const turn = asked ?? null;
  const known = lastLine(talk, (line) => line.from === 'robot' && line.reply === reply);
  const index = known !== -1 ? known : lastLine(talk, (line) => line.from === 'robot' && line.turn === turn && line.reply === null && line.heard);
  /** @type {Partial<Line>} */
  const words = { reply, text: cleanText(text), final, apology: apology === true };
  if (index !== -1) return changeAt(talk, index, () => words);
  return addLine(talk, { ...NO_LINE, from: 'robot', turn, atMs, open: !final, ...words });
}

/**
 * @param {Conversation} talk
 * @param {Extract<CallerEvent, { type: 'turn' }>} event
 * @returns {Conversation}
 */
function turnEnded(talk, { turn, end, error, stagesMs, atMs }) {
  const failed = end === 'failed';
  const known = talk.lines.some((line) => line.from === 'fault' && line.turn === turn);
  const answer = talk.lines.findIndex((line) => line.from === 'robot' && line.turn === turn && !line.apology);
  const answered = changeAt(talk, answer, (line) => ({ linked: true, responseMs: stagesMs.response ?? null, cut: failed && line.cut === 'cut' ? 'failed' : line.cut }));
  const asked = changeCaller(answered, turn, () => ({ open: false, final: true, end, linked: answer === -1 && !failed }));
  const over = { ...asked, awaited: talk.awaited === turn ? null : talk.awaited };
  if (!failed || known) return over;
  return addLine(over, { ...NO_LINE, from: 'fault', turn, atMs, final: true, linked: answer === -1, error: error ?? null });
}

/**
 * @param {Conversation} talk
 * @param {number} turn
 */
const callerIndex = (talk, turn) => lastLine(talk, (line) => line.from === 'caller' && line.turn === turn);

/**
 * @param {Conversation} talk
 * @param {number} turn
 * @param {(line: Line) => Partial<Line>} change
 * @returns {Conversation}
 */
function changeCaller(talk, turn, change) {
  return changeAt(talk, callerIndex(talk, turn), change);
}

/**
 * Changes the newest reply to the turn that was heard.
 * @param {Conversation} talk
 * @param {number | undefined} turn
 * @param {(line: Line) => Partial<Line>} change
 * @returns {Conversation}
 */
function changeReply(talk, turn, change) {
  return changeAt(talk, lastLine(talk, (line) => line.from === 'robot' && line.turn === (turn ?? null) && line.heard), change);
}

/**
 * @param {number | null} fromMs
 * @param {number} toMs
 */
const spanMs = (fromMs, toMs) => (fromMs === null || toMs <= fromMs ? null : toMs - fromMs);
