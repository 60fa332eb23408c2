// Writes down speech with sherpa-onnx and a model of the user's own, in a process of its own: a fault in native code
// ends this process and nothing else. Speaks the protocol of voice-node/providers/process/worker.ts.
//
// node sherpa.mjs '{"kind":"online"|"offline","rateHz":16000,"config":{...}}': what sherpa-onnx-node is given.
import { createRequire } from 'node:module';

const HEADER_BYTES = 5;
const MAX_FRAME_BYTES = 1 << 20;
/** Streaming models look ahead: without silence after it the last word would stay inside. */
const TAIL_SECONDS = 0.66;
const PARTIAL_EVERY_SECONDS = 0.1;

const answer = (type, fields = {}) => process.stdout.write(`${JSON.stringify({ type, ...fields })}\n`);

/** Some models know capitals only; a reader, or a language model, takes that for shouting. */
function readable(text) {
  const trimmed = text.trim();
  return trimmed === trimmed.toUpperCase() ? trimmed.toLowerCase() : trimmed;
}

function toFloat(bytes) {
  const samples = new Float32Array(bytes.length >> 1);
  for (let i = 0; i < samples.length; i++) samples[i] = bytes.readInt16LE(2 * i) / 32768;
  return samples;
}

/** A model that decodes while it is fed. */
class Online {
  constructor({ OnlineRecognizer }, { config, rateHz }) {
    this.recognizer = new OnlineRecognizer(config);
    this.rateHz = rateHz;
  }

  begin() {
    this.stream = this.recognizer.createStream();
    this.told = '';
    this.untold = 0;
  }

  push(samples) {
    this.stream.acceptWaveform({ samples, sampleRate: this.rateHz });
    this.untold += samples.length;
    if (this.untold < PARTIAL_EVERY_SECONDS * this.rateHz) return;
    this.untold = 0;
    const text = this.decode();
    if (text === this.told) return;
    this.told = text;
    answer('partial', { text });
  }

  async end() {
    this.stream.acceptWaveform({ samples: new Float32Array(Math.round(TAIL_SECONDS * this.rateHz)), sampleRate: this.rateHz });
    this.stream.inputFinished();
    return this.decode();
  }

  decode() {
    while (this.recognizer.isReady(this.stream)) this.recognizer.decode(this.stream);
    return readable(this.recognizer.getResult(this.stream).text);
  }
}

/** A model that wants the whole utterance. */
class Offline {
  constructor({ OfflineRecognizer }, { config, rateHz }) {
    this.recognizer = new OfflineRecognizer(config);
    this.rateHz = rateHz;
  }

  begin() {
    this.parts = [];
  }

  push(samples) {
    this.parts.push(samples);
  }

  async end() {
    const samples = new Float32Array(this.parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.parts) {
      samples.set(part, at);
      at += part.length;
    }
    this.parts = [];
    if (samples.length === 0) return '';
    const stream = this.recognizer.createStream();
    stream.acceptWaveform({ samples, sampleRate: this.rateHz });
    const { text } = await this.recognizer.decodeAsync(stream);
    return readable(text);
  }
}

/** Calls `take(kind, payload)` for each frame, one after the other; ends the process with its input. */
function readFrames(take) {
  let rest = Buffer.alloc(0);
  process.stdin.on('data', (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    let at = 0;
    for (let end = frameEnd(rest, at); end <= rest.length; end = frameEnd(rest, at)) {
      take(String.fromCharCode(rest[at]), rest.subarray(at + HEADER_BYTES, end));
      at = end;
    }
    rest = rest.subarray(at);
  });
  process.stdin.on('end', () => process.exit(0));
}

function frameEnd(bytes, at) {
  if (bytes.length < at + HEADER_BYTES) return Infinity;
  const length = bytes.readUInt32LE(at + 1);
  if (length > MAX_FRAME_BYTES) throw new Error(`expected a frame of at most ${MAX_FRAME_BYTES} bytes, got ${length}`);
  return at + HEADER_BYTES + length;
}

function main() {
  // Ctrl-C in a terminal reaches the whole group; the node ends us when its calls are over.
  process.on('SIGINT', () => {});
  const setup = JSON.parse(process.argv[2]);
  const sherpa = createRequire(import.meta.url)('sherpa-onnx-node');
  const recogniser = setup.kind === 'online' ? new Online(sherpa, setup) : new Offline(sherpa, setup);
  /** Counts utterances: an answer that comes after its utterance was dropped belongs to nobody. */
  let current = 0;
  let isOpen = false;
  answer('hello');
  readFrames((kind, payload) => {
    if (kind === 'X') {
      current++;
      isOpen = false;
      answer('dropped');
    } else if (kind === 'S') {
      current++;
      isOpen = true;
      recogniser.begin();
    } else if (kind === 'A' && isOpen) {
      recogniser.push(toFloat(payload));
    } else if (kind === 'E' && isOpen) {
      isOpen = false;
      const mine = current;
      void recogniser.end().then((text) => {
        if (mine === current) answer('final', { text });
      });
    } else {
      throw new Error(`expected a frame that belongs here, got one of kind ${kind}`);
    }
  });
}

main();
