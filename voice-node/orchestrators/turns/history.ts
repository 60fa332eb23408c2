import type { Said } from '../../domain/journal.js';
import type { ChatMessage } from '../../domain/llm.js';
import type { Remembered } from './mode.js';

/** What the caller said, and what he heard in answer. Either may be missing. */
export interface Exchange {
  /** As far as it is known. */
  user: string;
  /** Only what was heard, and tools that were really run. */
  answer: readonly ChatMessage[];
  /** Told to the model in brackets before the caller's next words. */
  note: string | undefined;
}

/**
 * The conversation as the model is shown it: only what was said and heard. An exchange has its place from the
 * moment it begins, however late its words are known.
 */
export class History {
  readonly #prompt: string;
  readonly #limit: number;
  #exchanges: Exchange[] = [];

  /** `limit`: messages that are shown beside the prompt. */
  constructor(prompt: string, limit: number) {
    this.#prompt = prompt;
    this.#limit = limit;
  }

  open(): Exchange {
    const exchange: Exchange = { user: '', answer: [], note: undefined };
    this.#exchanges.push(exchange);
    // Of those with nothing in them a few are always about; they must not push out what was said.
    if (this.#exchanges.length > 2 * this.#limit) this.#exchanges = this.#exchanges.filter((one) => one === exchange || !isEmpty(one)).slice(-this.#limit);
    return exchange;
  }

  /** What was said before this process had the call. `remembered`: what the robot's own words become. */
  recall(past: readonly Said[], remembered: (text: string) => Remembered): void {
    let exchange: Exchange | undefined;
    for (const { by, text } of past) {
      if (by === 'caller' || exchange === undefined) exchange = this.open();
      if (by === 'caller') {
        exchange.user = text;
        continue;
      }
      const { answer, note } = remembered(text);
      exchange.answer = [...exchange.answer, ...answer];
      exchange.note = note ?? exchange.note;
    }
  }

  /** It was no exchange after all. */
  drop(exchange: Exchange): void {
    this.#exchanges = this.#exchanges.filter((one) => one !== exchange);
  }

  /** Whether the last words are the caller's, or a tool's. */
  get awaitsAnswer(): boolean {
    const role = this.#spoken().at(-1)?.role;
    return role === 'user' || role === 'tool';
  }

  /**
   * The prompt, then the newest messages. What the caller said in a row is one message. With `guess`, as if the
   * words of that exchange were these.
   */
  messages(guess?: { readonly exchange: Exchange; readonly text: string }): ChatMessage[] {
    const spoken = this.#spoken(guess).slice(-this.#limit);
    // The result of a tool without its call is refused by every model.
    while (spoken[0]?.role === 'tool') spoken.shift();
    return this.#prompt === '' ? spoken : [{ role: 'system', content: this.#prompt }, ...spoken];
  }

  #spoken(guess?: { readonly exchange: Exchange; readonly text: string }): ChatMessage[] {
    const messages: ChatMessage[] = [];
    let note: string | undefined;
    for (const exchange of this.#exchanges) {
      const words = exchange === guess?.exchange ? guess.text : exchange.user;
      if (words !== '') {
        const content = note === undefined ? words : `[${note}] ${words}`;
        note = undefined;
        const last = messages.at(-1);
        if (last?.role === 'user') messages[messages.length - 1] = { role: 'user', content: `${last.content} ${content}` };
        else messages.push({ role: 'user', content });
      }
      messages.push(...exchange.answer);
      note = exchange.note ?? note;
    }
    return messages;
  }
}

const isEmpty = (exchange: Exchange): boolean => exchange.user === '' && exchange.answer.length === 0;
