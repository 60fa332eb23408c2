import type { Audio } from '../../domain/audio.js';
import type { Vendor } from '../../domain/provider.js';
import type { PhraseStore, SpeakRequest, TextToSpeech } from '../../domain/tts.js';
import { joinAudio } from '../../dsp/join.js';

/** A longer text is hardly ever said twice. */
const MAX_CHARS = 300;
/** Texts remembered as having been said once. */
const MAX_SEEN = 2000;

/**
 * A voice that keeps what it says again: the phrases known from the start (a greeting) at once, any other short
 * text when it is said for the second time, so that what was said to one caller only does not stay on the disk.
 */
export class CachedVoice implements TextToSpeech {
  readonly vendor: Vendor;
  readonly voiceKey: string;
  readonly takesStream: boolean;
  readonly #voice: TextToSpeech;
  readonly #store: PhraseStore;
  readonly #known: ReadonlySet<string>;
  /** In the order in which they were said. */
  readonly #seen = new Set<string>();

  constructor(voice: TextToSpeech, store: PhraseStore, known: readonly string[]) {
    this.vendor = voice.vendor;
    this.voiceKey = voice.voiceKey;
    this.takesStream = voice.takesStream;
    this.#voice = voice;
    this.#store = store;
    this.#known = new Set(known.map((text) => text.trim()));
  }

  async *speak(request: SpeakRequest): AsyncIterable<Audio> {
    const text = typeof request.text === 'string' ? request.text.trim() : undefined;
    if (text === undefined || !this.#isWorthKeeping(text)) {
      yield* this.#voice.speak(request);
      return;
    }
    const key = [this.voiceKey, request.language, text].join('\n');
    const kept = await this.#store.get(key);
    if (kept !== undefined) {
      request.connected();
      yield kept;
      return;
    }
    const pieces: Audio[] = [];
    for await (const piece of this.#voice.speak(request)) {
      pieces.push(piece);
      yield piece;
    }
    const whole = joinAudio(pieces);
    // A stream that ended because nobody listens any more is half a phrase.
    if (whole !== undefined && !request.signal.aborted) void this.#store.put(key, whole);
  }

  close(): void {
    this.#voice.close?.();
  }

  #isWorthKeeping(text: string): boolean {
    if (this.#known.has(text)) return true;
    if (text.length > MAX_CHARS) return false;
    if (this.#seen.has(text)) return true;
    this.#seen.add(text);
    const [oldest] = this.#seen;
    if (this.#seen.size > MAX_SEEN && oldest !== undefined) this.#seen.delete(oldest);
    return false;
  }
}
