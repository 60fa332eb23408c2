import type { Audio } from '../../domain/audio.js';
import type { Said } from '../../domain/journal.js';
import type { RealtimeItem } from '../../domain/realtime.js';

/** What a session that takes over is told: the end of the conversation, bounded. */
const MAX_ENTRIES = 100;
const MAX_CHARS = 40_000;
/** Of the caller's words that nobody has written down. */
const MAX_AUDIO_MS = 60_000;

interface Entry {
  readonly role: 'user' | 'assistant';
  /** The item of the session that heard it; '' for none. */
  readonly itemId: string;
  text: string;
  /** What it sounded like, until it is written down. */
  audio: Audio | undefined;
  /** Not before the robot has begun to answer it: until then it would be answered by whoever takes over. */
  answered: boolean;
  readonly atMs: number;
}

/** The conversation so far, as far as it was heard: on both sides. */
export class Memory {
  readonly #entries: Entry[] = [];

  /** What was said before this process had the call: there is nobody who would answer it now. */
  recall(past: readonly Said[], atMs: number): void {
    for (const { by, text } of past) if (text !== '') this.#push({ role: by === 'caller' ? 'user' : 'assistant', itemId: '', text, audio: undefined, answered: true, atMs });
  }

  /** The caller has said something. */
  user(itemId: string, audio: Audio, atMs: number): void {
    this.#push({ role: 'user', itemId, text: '', audio, answered: false, atMs });
    let keptMs = 0;
    for (const entry of this.#entries.toReversed()) {
      if (entry.audio === undefined) continue;
      keptMs += (entry.audio.samples.length * 1000) / entry.audio.rateHz;
      if (keptMs > MAX_AUDIO_MS) entry.audio = undefined;
    }
  }

  /** It was written down. */
  written(itemId: string, text: string): void {
    const entry = this.#entries.findLast((candidate) => candidate.role === 'user' && candidate.itemId === itemId);
    if (entry === undefined) return;
    entry.text = text;
    // Where nothing was understood, what it sounded like is all there is.
    if (text !== '') entry.audio = undefined;
  }

  /** The robot was heard to say this. */
  assistant(text: string, atMs: number): void {
    if (text !== '') this.#push({ role: 'assistant', itemId: '', text, audio: undefined, answered: true, atMs });
  }

  /** All that the caller has said so far is being answered. */
  answered(): void {
    for (const entry of this.#entries) entry.answered = true;
  }

  /** What was not answered will be heard again by a session that takes over. */
  dropUnanswered(): void {
    const kept = this.#entries.filter(({ answered }) => answered);
    this.#entries.splice(0, this.#entries.length, ...kept);
  }

  /** Words of the caller since `sinceMs` are still being written down. */
  awaitsWords(sinceMs: number): boolean {
    return this.#entries.some(({ audio, text, atMs }) => audio !== undefined && text === '' && atMs >= sinceMs);
  }

  get items(): RealtimeItem[] {
    return this.#entries.flatMap(({ role, text, audio }): RealtimeItem[] => {
      if (text !== '') return [{ role, text }];
      return role === 'user' && audio !== undefined ? [{ role, audio }] : [];
    });
  }

  #push(entry: Entry): void {
    this.#entries.push(entry);
    let chars = this.#entries.reduce((sum, { text }) => sum + text.length, 0);
    while (this.#entries.length > MAX_ENTRIES || (chars > MAX_CHARS && this.#entries.length > 1)) chars -= this.#entries.shift()?.text.length ?? 0;
  }
}
