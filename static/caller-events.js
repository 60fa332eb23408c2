// @ts-check

/** @import { CallerEvent } from '../voice-node/domain/events.js' */

/** The topic of the node's own events in a room. */
export const EVENT_TOPIC = 'voice-node';

/** Longest event that is read, in bytes: a `vad` event of some hundred frames has about 2 kB. */
const MAX_EVENT_BYTES = 64 * 1024;

/** @typedef {(value: unknown) => boolean} Check */

/** @type {Check} */
const number = (value) => typeof value === 'number' && Number.isFinite(value);
/** @type {Check} */
const text = (value) => typeof value === 'string';
/** @type {Check} */
const truth = (value) => typeof value === 'boolean';
/** @type {Check} */
const numbersByName = (value) => typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(number);
/** @param {Check} check @returns {Check} */
const listOf = (check) => (value) => Array.isArray(value) && value.length <= 4096 && value.every(check);
/** @type {Check} */
const bit = (value) => value === 0 || value === 1;
/** @param {Check} check @returns {Check} */
const maybe = (check) => (value) => value === undefined || check(value);

/** Fields of each event beside `type` and `atMs`. Kept equal to CallerEvent by the unit test. */
/** @type {Record<CallerEvent['type'], Record<string, Check>>} */
const FIELDS = {
  call: { callId: text, robot: text, rateHz: number, detector: text, denoise: maybe(truth) },
  // Older nodes tell the probability alone.
  vad: { frameMs: number, p: listOf(number), gate: maybe(listOf(bit)), reasons: maybe(listOf(text)) },
  interruption: { turn: maybe(number), decision: text, afterMs: number },
  speech_started: { turn: number, onsetMs: number },
  speech_ended: { turn: number, offsetMs: number, utteranceMs: number },
  speech_dropped: { turn: number },
  reply_started: { turn: maybe(number) },
  reply_ended: { turn: maybe(number), heardMs: number, cut: truth },
  barge_in: { turn: maybe(number), stopMs: number, heardMs: number },
  turn: { turn: number, end: text, marksMs: numbersByName, stagesMs: numbersByName, utteranceMs: number, heardMs: number, error: maybe(text) },
  transcript: { turn: number, text, final: truth },
  reply_text: { reply: number, turn: maybe(number), text, final: truth, apology: maybe(truth) },
  error: { code: text, message: text },
};

/**
 * Reads one data packet. Anything that is not an event of the node gives null: a newer node may send kinds
 * that this page does not know, and a stranger may send rubbish.
 * @param {Uint8Array} bytes UTF-8 JSON
 * @returns {CallerEvent | null}
 */
export function parseCallerEvent(bytes) {
  if (bytes.byteLength > MAX_EVENT_BYTES) return null;
  /** @type {unknown} */
  let value;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return null;
  }
  return isCallerEvent(value) ? value : null;
}

/**
 * @param {unknown} value
 * @returns {value is CallerEvent}
 */
function isCallerEvent(value) {
  if (typeof value !== 'object' || value === null) return false;
  const event = /** @type {Record<string, unknown>} */ (value);
  if (typeof event.type !== 'string' || !Object.hasOwn(FIELDS, event.type) || !number(event.atMs)) return false;
  const fields = FIELDS[/** @type {CallerEvent['type']} */ (event.type)];
  return Object.entries(fields).every(([name, check]) => check(event[name]));
}
