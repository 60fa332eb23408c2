import { CONNECTION } from './connection.mjs';

/** Audio goes to the node in pieces of at least 20 ms, but for the last one, and at most 100 ms. */
const MIN_PIECE_MS = 20;
const MAX_PIECE_MS = 100;

/** Says the pieces of text the node pushes. The results are mono int16 audio with its rate. */
export async function speak(stream, { object }) {
  const pieces = new Pieces((samples, rateHz) => stream.put({ samples, rateHz }, (samples.length / rateHz) * 1000));
  if (object.capabilities.streaming === true) await speakStreamed(stream, object, pieces);
  else await speakPieceByPiece(stream, object, pieces);
  pieces.flush();
}

async function speakStreamed(stream, object, pieces) {
  const speech = object.stream({ connOptions: CONNECTION });
  stream.onStop(() => speech.close());
  stream.opened();
  const feed = async () => {
    for await (const text of stream.input()) speech.pushText(text);
    speech.endInput();
  };
  const feeding = feed();
  // Between its segments the stream gives a symbol.
  for await (const audio of speech) if (typeof audio !== 'symbol') pieces.add(audio.frame);
  if (!stream.signal.aborted) stream.finish();
  await feeding;
}

async function speakPieceByPiece(stream, object, pieces) {
  stream.opened();
  for await (const text of stream.input()) {
    if (text.trim() === '') continue;
    const speech = object.synthesize(text, CONNECTION, stream.signal);
    stream.onStop(() => speech.close());
    for await (const audio of speech) pieces.add(audio.frame);
  }
}

/** Puts frames of any length and number of channels into mono pieces of a useful length. */
export class Pieces {
  #emit;
  #rateHz = 0;
  #waiting = new Int16Array(0);

  constructor(emit) {
    this.#emit = emit;
  }

  add(frame) {
    if (frame.sampleRate !== this.#rateHz) this.flush();
    this.#rateHz = frame.sampleRate;
    const added = mono(frame);
    const all = new Int16Array(this.#waiting.length + added.length);
    all.set(this.#waiting);
    all.set(added, this.#waiting.length);
    const most = Math.round((MAX_PIECE_MS * this.#rateHz) / 1000);
    let at = 0;
    for (; all.length - at >= most; at += most) this.#emit(all.slice(at, at + most), this.#rateHz);
    const rest = all.slice(at);
    const isEnough = rest.length >= (MIN_PIECE_MS * this.#rateHz) / 1000;
    if (isEnough) this.#emit(rest, this.#rateHz);
    this.#waiting = isEnough ? new Int16Array(0) : rest;
  }

  flush() {
    if (this.#waiting.length > 0) this.#emit(this.#waiting, this.#rateHz);
    this.#waiting = new Int16Array(0);
  }
}

function mono({ data, channels }) {
  if (channels === 1) return data;
  const out = new Int16Array(Math.floor(data.length / channels));
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += data[i * channels + c];
    out[i] = Math.round(sum / channels);
  }
  return out;
}
