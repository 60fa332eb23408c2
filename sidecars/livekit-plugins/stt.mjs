import { CONNECTION } from './connection.mjs';
import { early, Fault, overflow } from './faults.mjs';

/** Nothing is left open and this long nothing new came: it is the whole transcript. */
const SETTLED_MS = 300;
/** The same after a final text that came when the input had been flushed: most plugins send one, and no more. */
const ANSWERED_MS = 100;
/** Something is still to come, or nothing came at all: so long we wait before the input is closed. */
const PATIENCE_MS = 2500;
const MAX_TEXT = 20_000;
const MAX_WHOLE_MS = 600_000;

/**
 * Writes down what the node pushes. Results hold the whole text so far; the last one is final.
 *
 * Plugins are made for a stream that never ends. Closing the input ends some of them before their last words
 * are there, so it is flushed, and closed only if the words do not come by themselves.
 */
export async function listen(stream, { object, rtc, agents }, { rateHz }) {
  if (object.capabilities.streaming !== true) return listenToTheEnd(stream, object, rtc, rateHz);
  const speech = object.stream({ connOptions: CONNECTION });
  stream.onStop(() => speech.close());
  stream.opened(speech.neededSampleRate ?? rateHz);
  const heard = new Heard(agents.stt.SpeechEventType);
  const reading = read(stream, speech, heard);
  await Promise.race([reading, feed(stream, speech, rtc)]);
  if (stream.signal.aborted) return;
  if (heard.isOver) throw new Fault(early());

  speech.flush();
  const before = heard.finals;
  while (!heard.isOver) {
    const isComplete = heard.text !== '' && !heard.isOpen;
    const settledMs = heard.finals > before ? ANSWERED_MS : SETTLED_MS;
    if (await heard.changes(isComplete ? settledMs : PATIENCE_MS)) continue;
    if (isComplete) break;
    speech.endInput();
    await reading;
    return finish(stream, heard);
  }
  if (heard.isOver) await reading;
  if (heard.isOver && heard.isOpen) throw new Fault(early());
  finish(stream, heard);
}

function finish(stream, heard) {
  stream.put({ text: heard.text, final: true });
}

async function read(stream, speech, heard) {
  try {
    for await (const event of speech) {
      if (heard.take(event)) stream.put({ text: heard.text, final: false });
      if (heard.text.length > MAX_TEXT) stream.fail(overflow('transcript'));
    }
  } finally {
    heard.over();
  }
}

async function feed(stream, speech, rtc) {
  for await (const piece of stream.input()) speech.pushFrame(frameOf(piece, rtc));
}

/** Some plugins send the whole buffer under a view: the samples get one of their own. */
function frameOf({ samples, rateHz }, rtc) {
  const own = Int16Array.from(samples);
  return new rtc.AudioFrame(own, rateHz, 1, own.length);
}

async function listenToTheEnd(stream, object, rtc, rateHz) {
  stream.opened(rateHz);
  const pieces = [];
  let length = 0;
  for await (const { samples, rateHz: cameAt } of stream.input()) {
    if (cameAt !== rateHz) throw new TypeError('the rate may not change');
    length += samples.length;
    if ((length / rateHz) * 1000 > MAX_WHOLE_MS) throw new Fault(overflow('utterance'));
    pieces.push(samples);
  }
  if (stream.signal.aborted) return;
  const samples = new Int16Array(length);
  let at = 0;
  for (const piece of pieces) {
    samples.set(piece, at);
    at += piece.length;
  }
  const event = length === 0 ? undefined : await object.recognize(frameOf({ samples, rateHz }, rtc), stream.signal);
  stream.put({ text: String(event?.alternatives?.[0]?.text ?? '').trim(), final: true });
}

/** What the events of a stream amount to. */
class Heard {
  /** Whether a beginning was heard that has no final text yet. */
  isOpen = false;
  isOver = false;
  #types;
  #finals = [];
  #interim = '';
  #wake = () => {};

  constructor(types) {
    this.#types = types;
  }

  /** How many final texts have come. */
  get finals() {
    return this.#finals.length;
  }

  get text() {
    return [...this.#finals, this.#interim].filter((part) => part !== '').join(' ');
  }

  /** Whether the text is another one now. */
  take(event) {
    const before = this.text;
    const text = String(event.alternatives?.[0]?.text ?? '').trim();
    if (event.type === this.#types.START_OF_SPEECH) this.isOpen = true;
    else if (event.type === this.#types.INTERIM_TRANSCRIPT) {
      this.#interim = text;
      this.isOpen = true;
    } else if (event.type === this.#types.FINAL_TRANSCRIPT) {
      this.#finals.push(text);
      this.#interim = '';
      this.isOpen = false;
    } else return false;
    this.#wake(true);
    return this.text !== before;
  }

  over() {
    this.isOver = true;
    this.#wake(true);
  }

  /** Whether anything happens within `limitMs`. */
  changes(limitMs) {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), limitMs);
      this.#wake = (value) => {
        clearTimeout(timer);
        resolve(value);
      };
    });
  }
}
