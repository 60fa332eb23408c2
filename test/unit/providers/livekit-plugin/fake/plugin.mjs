import { EventEmitter } from 'node:events';

/** A queue with two ends, as the streams of @livekit/agents are. */
class Queue {
  #items = [];
  #wake = () => {};
  isClosed = false;

  put(item) {
    this.#items.push(item);
    this.#wake();
  }

  close() {
    this.isClosed = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator]() {
    while (true) {
      if (this.#items.length > 0) yield this.#items.shift();
      else if (this.isClosed) return;
      else await new Promise((resolve) => (this.#wake = resolve));
    }
  }
}

/** The stand-in for an error of an API, with words that must not get out. */
function failure({ status, code, name = 'APIStatusError', message = 'the caller said: secret words' }) {
  const error = new (class extends Error {})(message);
  Object.defineProperty(error.constructor, 'name', { value: name });
  return Object.assign(error, { statusCode: status, code, headers: new Map(status === 429 ? [['retry-after', '7']] : []) });
}

class Base extends EventEmitter {
  constructor(options) {
    super();
    if (options.needsKey && process.env.FAKE_API_KEY === undefined) throw new Error(`FAKE_API_KEY or an apiKey is required, not ${options.wrong}`);
    this.options = options;
  }

  /** As the plugins do: in the background, the error is told by an event and the stream just ends. */
  run(stream, work) {
    setTimeout(async () => {
      try {
        if (this.options.crash) process.exit(9);
        if (this.options.throwLater) setTimeout(() => Promise.reject(new Error('nobody waits for this')), 0);
        if (this.options.hang) for (;;);
        await work();
        if (this.options.fail) throw failure(this.options.fail);
      } catch (error) {
        if (!stream.isClosed) this.emit('error', { error, recoverable: false });
      } finally {
        stream.output.close();
      }
    }, 0);
    return stream;
  }
}

const stream = (more = {}) => {
  const output = new Queue();
  const self = { output, isClosed: false, [Symbol.asyncIterator]: () => output[Symbol.asyncIterator](), close: () => { self.isClosed = true; output.close(); }, ...more };
  return self;
};

class LLM extends Base {
  chat({ chatCtx, toolCtx }) {
    const s = stream();
    return this.run(s, async () => {
      const asked = chatCtx.items.at(-1);
      const { reply, endless, echo } = this.options;
      if (echo) s.output.put({ delta: { content: JSON.stringify({ items: chatCtx.items, tools: toolCtx?.tools, env: process.env, options: this.options }) } });
      for (const content of reply ?? []) s.output.put({ delta: { content } });
      if (asked?.content === 'crash') process.exit(9);
      if (asked?.content === 'fail') throw failure({ status: 500 });
      if (endless) await new Promise(() => {});
      if (this.options.call) s.output.put({ delta: { toolCalls: [this.options.call] } });
      if (this.options.usage) s.output.put({ usage: this.options.usage });
    });
  }
}

/** `final` rises with every flush, `pieces` tells what came; `needsEnd`: its words only come when the input is closed. */
class STT extends Base {
  capabilities = { streaming: this.options.streaming !== false };

  stream() {
    const { events = [], onFlush = [], onEnd = [], rateHz, dies } = this.options;
    const input = new Queue();
    let samples = 0;
    const rates = new Set();
    const s = stream({
      neededSampleRate: rateHz,
      pushFrame(frame) {
        if (input.isClosed) throw new Error('Input is closed');
        samples += frame.samplesPerChannel;
        rates.add(frame.sampleRate);
        input.put('frame');
      },
      flush: () => input.put('flush'),
      endInput: () => input.close(),
    });
    const close = s.close;
    s.close = () => (input.close(), close());
    const put = ([type, text]) => s.output.put({ type, alternatives: [{ text: text.replace('%', `${samples}@${[...rates]}`) }] });
    return this.run(s, async () => {
      events.forEach(put);
      for await (const item of input) {
        if (dies) return;
        if (item === 'flush') onFlush.forEach(put);
      }
      onEnd.forEach(put);
    });
  }

  async recognize(frame) {
    if (this.options.fail) throw failure(this.options.fail);
    return { alternatives: [{ text: `${frame.samplesPerChannel} at ${frame.sampleRate}` }] };
  }
}

class TTS extends Base {
  capabilities = { streaming: this.options.streaming === true };

  #frame(i) {
    const { frameSamples = 240, channels = 1, rateHz = 24_000 } = this.options;
    const data = new Int16Array(frameSamples * channels).map((_, at) => (at % channels === 0 ? i + 1 : i + 3));
    return { frame: { data, sampleRate: rateHz, channels, samplesPerChannel: frameSamples } };
  }

  synthesize(text) {
    const s = stream();
    return this.run(s, async () => {
      const { frames = 10, endless } = this.options;
      for (let i = 0; i < frames; i++) s.output.put(this.#frame(text.length * 100 + i));
      while (endless && !s.isClosed) {
        s.output.put(this.#frame(1));
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
  }

  stream() {
    const input = new Queue();
    const s = stream({ pushText: (text) => input.put(text), endInput: () => input.close() });
    const close = s.close;
    s.close = () => (input.close(), close());
    return this.run(s, async () => {
      for await (const text of input) s.output.put(this.#frame(text.length * 100));
      s.output.put(Symbol('end of segment'));
    });
  }
}

export const fake = { LLM, STT, TTS };
