import { ProviderError } from '../../domain/provider.js';
import { decode, type BodyOptions } from './body.js';

/** One server-sent event. */
export interface ServerEvent {
  /** '' where the server gave it no name. */
  readonly event: string;
  readonly data: string;
}

/** No event of any provider comes near; a server that never ends a line must not fill the memory. */
const MAX_EVENT_CHARS = 1_000_000;

/**
 * Reads a stream of server-sent events (WHATWG HTML, 9.2.6: lines end in CR LF, LF or CR; an event ends with an
 * empty line, and what was not ended is dropped). Throws `provider_protocol` where it is not UTF-8 or an event
 * has no end.
 */
export async function* readEvents(bytes: AsyncIterable<Uint8Array>, options: Pick<BodyOptions, 'vendor' | 'what'>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const lines = new Lines();
  let event = '';
  let data: string[] = [];
  let size = 0;
  for await (const piece of bytes) {
    for (const line of lines.push(decode(decoder, piece, options))) {
      if (line === '') {
        // An event without data is none (9.2.6), such as a lone comment that keeps the connection alive.
        if (data.length > 0) yield { event, data: data.join('\n') };
        event = '';
        data = [];
        size = 0;
        continue;
      }
      const colon = line.indexOf(':');
      const name = colon === -1 ? line : line.slice(0, colon);
      const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
      if (name === 'event') event = value;
      else if (name === 'data') data.push(value);
      size += line.length;
    }
    if (size + lines.waitingChars > MAX_EVENT_CHARS) {
      throw new ProviderError('provider_protocol', `${options.vendor}: expected ${options.what} in events of at most ${MAX_EVENT_CHARS} characters, got a longer one`);
    }
  }
  // Ends in the middle of a character: throws.
  decode(decoder, undefined, options);
}

/** Cuts text that comes in pieces into lines. */
class Lines {
  #rest = '';
  #afterReturn = false;

  get waitingChars(): number {
    return this.#rest.length;
  }

  *push(text: string): Generator<string> {
    let from = 0;
    for (let at = 0; at < text.length; at++) {
      const char = text[at];
      // The LF of a CR LF: its CR has ended the line already, so that a line is known as soon as it can be.
      if (char === '\n' && this.#afterReturn) {
        this.#afterReturn = false;
        from = at + 1;
        continue;
      }
      this.#afterReturn = char === '\r';
      if (char !== '\n' && char !== '\r') continue;
      const line = this.#rest + text.slice(from, at);
      this.#rest = '';
      from = at + 1;
      yield line;
    }
    this.#rest += text.slice(from);
  }
}
