import type { Clock, Timer } from '../../../voice-node/domain/clock.js';
import { monotonicMs } from '../../../voice-node/domain/time.js';
import type { Fetch } from '../../../voice-node/providers/http/request.js';
import { answerOf, type Exchange } from './fault-answers.js';

export type Kind = 'stt' | 'llm' | 'tts';
export const KINDS: readonly Kind[] = ['stt', 'llm', 'tts'];

/**
 * The faults of the reliability plan. "Accepts and hangs" and "hangs in mid-stream" are one row here: which of the
 * two it is, the moment says.
 */
export const FAULTS = ['refused', 'hangs', 'reset', 'fin', 'closed', 'rate limited', 'server error', 'wrong json', 'garbage', 'a byte a second', 'endless', 'truncated'] as const;
export type FaultKind = (typeof FAULTS)[number];

/**
 * Of a request: before its headers; in its first result; in the middle; when all but the last result is there.
 * `later`: before the headers of a later request of the kind, after healthy ones.
 */
export const MOMENTS = ['before', 'first', 'middle', 'end', 'later'] as const;
export type Moment = (typeof MOMENTS)[number];

export interface Strike {
  readonly kind: Kind;
  readonly fault: FaultKind;
  readonly moment: Moment;
  /** Requests of the kind that go well before. */
  readonly after: number;
  /** Requests that are struck in a row; Infinity: until `heal`. */
  readonly times: number;
}

/** What a struck request had to offer, and when: the deadlines count from there. */
export interface Struck {
  readonly kind: Kind;
  readonly atMs: number;
  headersMs: number | undefined;
  lastResultMs: number | undefined;
  /** When the fault was acted out. */
  faultMs: number | undefined;
}

const HEAD_MS = 40;
const KEPT_AWAY = '3600';
const systemError = (code: string): Error => new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
const text = new TextEncoder();

/** Where in the stream the fault acts: after so many whole pieces, and so much of the next one. */
function cutOf({ pieces }: Exchange, moment: Moment): { readonly whole: number; readonly part: boolean } {
  if (moment === 'before' || moment === 'later') return { whole: 0, part: false };
  if (moment === 'first') return { whole: 0, part: true };
  return { whole: moment === 'middle' ? Math.floor(pieces.length / 2) : pieces.length - 1, part: false };
}

/** A stream that goes wrong: `rest` is what is left of the piece at hand. */
interface Acting {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  readonly signal: AbortSignal;
  readonly rest: Uint8Array;
}

/**
 * What cannot be at a moment literally: who refuses, closes or is over its limit in mid-stream breaks that stream off
 * (with an event that says so, where the stream has events), and turns away what is asked next in the same turn.
 * Samples have no events and no JSON in them: there these answers, and JSON, stand in the place of the whole answer.
 *
 * A server for all three protocols, without a network, that goes wrong on the virtual clock as it is told.
 */
export class FaultServer {
  /** Requests whose answer has neither ended nor been given up. */
  open = 0;
  readonly struck: Struck[] = [];
  requests = 0;
  readonly #clock: Clock;
  /** Whose requests are struck; the others' never are. */
  readonly #victim: string;
  #strike: Strike | undefined;
  #seen = 0;
  #left = 0;

  constructor(clock: Clock, victim: string) {
    this.#clock = clock;
    this.#victim = victim;
  }

  plan(strike: Strike): void {
    this.#strike = strike;
    this.#seen = 0;
    this.#left = strike.times;
  }

  heal(): void {
    this.#strike = undefined;
  }

  readonly fetch: Fetch = async (url, init) => {
    const exchange = answerOf(new URL(url).pathname, init.body);
    const signal = init.signal as AbortSignal;
    this.requests++;
    this.open++;
    let closed = false;
    const close = (): void => {
      if (!closed) this.open--;
      closed = true;
    };
    const strike = this.#struckBy(exchange);
    const record: Struck = { kind: exchange.kind, atMs: this.#clock.nowMs(), headersMs: undefined, lastResultMs: undefined, faultMs: undefined };
    if (strike !== undefined) this.struck.push(record);
    try {
      await this.#wait(HEAD_MS, signal);
      return await this.#respond(exchange, strike, record, { signal, close });
    } catch (error) {
      close();
      throw error;
    }
  };

  #struckBy({ kind, caller }: Exchange): Strike | undefined {
    const strike = this.#strike;
    if (strike?.kind !== kind || caller !== this.#victim || this.#seen++ < strike.after || this.#left <= 0) return undefined;
    this.#left--;
    return strike;
  }

  async #respond(exchange: Exchange, strike: Strike | undefined, record: Struck, { signal, close }: { readonly signal: AbortSignal; close(): void }): Promise<Response> {
    const { fault } = strike ?? {};
    const again = this.struck.filter(({ kind, faultMs }) => kind === exchange.kind && faultMs !== undefined).length;
    let at: Moment = strike?.moment ?? 'before';
    if (at === 'later') at = 'before';
    // Whoever is gone in mid-stream is not there for the next one either.
    if (again > 0 && (fault === 'refused' || fault === 'closed' || fault === 'rate limited' || fault === 'server error')) at = 'before';
    const isHeadless = exchange.kind === 'tts' && (fault === 'rate limited' || fault === 'server error' || fault === 'wrong json');
    let { type } = exchange;
    if (strike !== undefined && (at === 'before' || isHeadless)) {
      const moment = strike.moment;
      switch (fault) {
        case 'refused':
          throw this.#acted(record, systemError('ECONNREFUSED'));
        case 'reset':
          throw this.#acted(record, systemError('ECONNRESET'));
        case 'fin':
        case 'closed':
          throw this.#acted(record, systemError('UND_ERR_SOCKET'));
        case 'garbage':
          throw this.#acted(record, systemError('HPE_INVALID_CONSTANT'));
        case 'hangs':
          this.#acted(record);
          return await forever(signal);
        case 'rate limited':
          this.#acted(record);
          return this.#whole(429, '{"error":{"code":"rate_limit_exceeded"}}', close, moment === 'before' || moment === 'middle' ? { 'retry-after': KEPT_AWAY } : {});
        case 'server error':
          this.#acted(record);
          return this.#whole(moment === 'before' || moment === 'middle' ? 503 : 500, '{"error":{"type":"server_error"}}', close);
        case 'wrong json':
          this.#acted(record);
          if (exchange.kind !== 'tts') break;
          type = 'application/json';
          break;
        default:
      }
    }
    record.headersMs = this.#clock.nowMs();
    // 40: the length of the data; a server that has not made all of it yet does not know it.
    if (fault === 'endless' && exchange.kind === 'tts') exchange.pieces[0]?.fill(0xff, 40, 44);
    const abort = new AbortController();
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          const onAbort = (): void => {
            abort.abort();
            close();
            controller.error(signal.reason);
          };
          signal.addEventListener('abort', onAbort, { once: true });
          void this.#stream(exchange, strike === undefined ? undefined : { ...strike, moment: at }, record, controller, abort.signal)
            .then(() => controller.close())
            .catch((error: unknown) => {
              if (!abort.signal.aborted) controller.error(error);
            })
            .finally(() => {
              signal.removeEventListener('abort', onAbort);
              close();
            });
        },
        cancel: () => {
          abort.abort();
          close();
        },
      },
      { highWaterMark: 1_000_000, size: () => 1 },
    );
    return new Response(body, { status: 200, headers: { 'content-type': type } });
  }

  async #stream(exchange: Exchange, strike: Strike | undefined, record: Struck, controller: ReadableStreamDefaultController<Uint8Array>, signal: AbortSignal): Promise<void> {
    const { pieces, gapMs } = exchange;
    const cut = strike === undefined ? { whole: pieces.length, part: false } : cutOf(exchange, strike.moment);
    for (const piece of pieces.slice(0, cut.whole)) {
      await this.#wait(gapMs, signal);
      controller.enqueue(piece);
      record.lastResultMs = this.#clock.nowMs();
    }
    if (strike === undefined) return;
    const next = pieces[cut.whole] as Uint8Array;
    const half = Math.floor(next.length / 2);
    await this.#wait(gapMs, signal);
    // What is told in an event of its own does not come in the middle of another one.
    const part = cut.part && !['closed', 'rate limited', 'server error', 'wrong json'].includes(strike.fault);
    if (part) controller.enqueue(next.slice(0, half));
    await this.#wait(1, signal);
    this.#acted(record);
    await this.#actOut(exchange, strike, record, { controller, signal, rest: next.slice(part ? half : 0) });
  }

  /** In mid-stream, or from the headers on. */
  async #actOut(exchange: Exchange, { fault, moment }: Strike, record: Struck, { controller, signal, rest }: Acting): Promise<void> {
    const isSpeech = exchange.kind === 'tts';
    const event = (value: object): void => controller.enqueue(text.encode(`\n\ndata: ${JSON.stringify(value)}\n\n`));
    switch (fault) {
      case 'refused':
      case 'reset':
        throw systemError('ECONNRESET');
      case 'closed':
        if (isSpeech) throw systemError('ERR_HTTP2_STREAM_CANCEL');
        return event({ error: { code: 'session_closed' } });
      case 'fin':
        return;
      case 'rate limited':
        return event({ error: { code: 429, type: 'rate_limit_exceeded' } });
      case 'server error':
        return event({ error: { code: 503, type: 'server_error' } });
      case 'wrong json':
        return event({ hello: [1, 2, 3], type: 'transcript.text.done', choices: 'none' });
      case 'garbage':
        if (isSpeech) throw systemError('HPE_INVALID_CHUNK_SIZE');
        return controller.enqueue(new Uint8Array([0xff, 0xfe, 0x00, 0xc3, 0x28, 0x0a, 0x0a, 0x80]));
      case 'truncated':
        // Half a character; half a sample of as many as the header has promised.
        return controller.enqueue(isSpeech ? rest.slice(0, 1) : new Uint8Array([...text.encode('data: "'), 0xd0]));
      case 'hangs':
        return forever(signal);
      case 'a byte a second':
        for (let i = 0; ; i++) {
          await this.#wait(1000, signal);
          controller.enqueue(rest.slice(i, i + 1).length > 0 ? rest.slice(i, i + 1) : new Uint8Array([0x20]));
        }
      case 'endless':
        return this.#endless(exchange, moment, record, { controller, signal, rest });
    }
  }

  /** Nothing but comments where nothing has come yet; the same result again and again where some has. */
  async #endless({ kind, gapMs, more }: Exchange, moment: Moment, record: Struck, { controller, signal, rest }: Acting): Promise<void> {
    if (moment === 'first' || (kind === 'tts' && moment === 'before')) controller.enqueue(rest);
    const piece = moment === 'before' && kind !== 'tts' ? text.encode(': still here\n\n') : more;
    for (;;) {
      await this.#wait(gapMs, signal);
      controller.enqueue(piece);
      if (piece === more) record.lastResultMs = this.#clock.nowMs();
    }
  }

  #whole(status: number, body: string, close: () => void, headers: Record<string, string> = {}): Response {
    close();
    return new Response(body, { status, headers: { 'content-type': 'application/json', ...headers } });
  }

  #acted(record: Struck, error: Error = new Error()): Error {
    record.faultMs = this.#clock.nowMs();
    return error;
  }

  #wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      const onAbort = (): void => {
        timer.cancel();
        reject(signal.reason as Error);
      };
      const timer: Timer = this.#clock.at(monotonicMs(this.#clock.nowMs() + ms), () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}

/** Until it is given up. */
const forever = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
