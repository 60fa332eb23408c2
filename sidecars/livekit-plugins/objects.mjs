import { AsyncLocalStorage } from 'node:async_hooks';
import { Fault, faultOf, lacks, missing, refused } from './faults.mjs';

const CLASS_OF = { stt: 'STT', llm: 'LLM', tts: 'TTS' };
/** Objects that are kept for the next request. */
const MAX_KEPT = 64;

/**
 * What a plugin needs to be told to work by itself. OpenAI's live recognition would wait for a voice detector of
 * LiveKit's; without one it commits what it has when it is flushed.
 */
const DEFAULTS = { openai: { stt: { vad: null } } };

/** The plugins' objects. One for each set of options: it serves the requests of all calls. */
export class Objects {
  #load;
  #objects = new Map();
  /** Whose work is being done: a plugin's object tells of errors, but not of whose. */
  #owner = new AsyncLocalStorage();

  constructor(load) {
    this.#load = load;
  }

  /** The object for these options, made where there is none. Throws a Fault. */
  async get({ kind, plugin, options }) {
    const key = JSON.stringify([kind, plugin, options]);
    const known = this.#objects.get(key);
    if (known !== undefined) {
      this.#objects.delete(key);
      this.#objects.set(key, known);
      return known.made;
    }
    const entry = { open: new Set(), made: undefined };
    this.#objects.set(key, entry);
    entry.made = this.#make(kind, plugin, options, entry);
    // What could not be made is tried anew by the next request.
    entry.made.catch(() => this.#objects.delete(key));
    this.#forgetOldest();
    return entry.made;
  }

  /** Runs `work` of `stream` with the object; errors the object tells of meanwhile are the stream's. */
  async use({ object, entry }, stream, work) {
    entry.open.add(stream);
    try {
      await this.#owner.run(stream, () => work(object));
    } finally {
      entry.open.delete(stream);
    }
  }

  async #make(kind, plugin, options, entry) {
    const Class = (await this.#module(plugin))[CLASS_OF[kind]];
    if (typeof Class !== 'function') throw new Fault(lacks(CLASS_OF[kind]));
    let object;
    try {
      object = new Class({ ...DEFAULTS[plugin]?.[kind], ...options });
    } catch (error) {
      throw new Fault(refused(error, [...Object.values(options), ...Object.values(process.env)]));
    }
    // Without a listener the process would end.
    object.on('error', (event) => this.#onError(event, entry));
    return { object, entry };
  }

  async #module(plugin) {
    const name = `@livekit/agents-plugin-${plugin}`;
    try {
      return await this.#load(name);
    } catch (error) {
      if (error?.code === 'ERR_MODULE_NOT_FOUND') throw new Fault(missing(plugin));
      throw new Fault(faultOf(error));
    }
  }

  #onError(event, entry) {
    if (event?.recoverable === true) return;
    const owner = this.#owner.getStore();
    const whose = entry.open.has(owner) ? owner : entry.open.size === 1 ? [...entry.open][0] : undefined;
    whose?.troubled(faultOf(event?.error ?? event));
  }

  #forgetOldest() {
    for (const [key, { open, made }] of this.#objects) {
      if (this.#objects.size <= MAX_KEPT) return;
      if (open.size > 0) continue;
      this.#objects.delete(key);
      made.then(({ object }) => (object.aclose ?? object.close)?.call(object)).catch(() => undefined);
    }
  }
}
