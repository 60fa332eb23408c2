import type { Clock, Timer } from '../../domain/clock.js';
import { ProviderError, type ProviderLimits, type Vendor } from '../../domain/provider.js';
import { monotonicMs } from '../../domain/time.js';

/** A cancelled response says so at once; one that has not after this long is forgotten. */
const SETTLE_MS = 1000;

/** What the server does about one answer. */
interface Active {
  /** When it was asked for. */
  readonly askedMs: number;
  readonly createdMs: number;
  /** Its last output; undefined before the first. */
  outputMs: number | undefined;
  hasAudio: boolean;
  /** When it was cancelled. */
  cancelledMs: number | undefined;
  readonly calls: Set<string>;
}

interface Request {
  readonly instructions: string | undefined;
}
interface Sent extends Request {
  readonly eventId: string;
  readonly atMs: number;
  cancelled: boolean;
}

export interface ResponsesEvents {
  send(message: Readonly<Record<string, unknown>>): void;
  /** A cancelled response that never ended. */
  settled(responseId: string): void;
  /** A deadline has passed. */
  expired(error: ProviderError): void;
}

/**
 * The answers of one session: asked for, under way, cancelled, done; and their deadlines. A session makes one
 * answer at a time and refuses a second, so what is asked for meanwhile waits.
 */
export class Responses {
  readonly #vendor: Vendor;
  readonly #limits: ProviderLimits;
  readonly #clock: Clock;
  readonly #events: ResponsesEvents;
  readonly #active = new Map<string, Active>();
  #wanted: Request | undefined;
  #sent: Sent | undefined;
  #last: Sent | undefined;
  /** When the server's own detector ended the caller's turn: an answer is due without our asking. */
  #expectedMs: number | undefined;
  #eventCount = 0;
  #timer: Timer | undefined;
  #timerMs = Infinity;
  #stopped = false;

  constructor(vendor: Vendor, limits: ProviderLimits, clock: Clock, events: ResponsesEvents) {
    this.#vendor = vendor;
    this.#limits = limits;
    this.#clock = clock;
    this.#events = events;
  }

  request(instructions?: string): void {
    this.#wanted = { instructions };
    this.#sendWanted();
  }

  /** The server will answer by itself, unless it is answering already. */
  expect(): void {
    if (this.#active.size === 0 && this.#sent === undefined) this.#expectedMs = this.#clock.nowMs();
    this.#schedule();
  }

  /** The caller goes on speaking: no answer is due yet. */
  unexpect(): void {
    this.#expectedMs = undefined;
  }

  /** False where the answer was cancelled before it began. */
  created(responseId: string): boolean {
    const nowMs = this.#clock.nowMs();
    const askedMs = this.#sent?.atMs ?? this.#expectedMs ?? nowMs;
    const cancelled = this.#sent?.cancelled === true;
    this.#sent = undefined;
    this.#expectedMs = undefined;
    this.#active.set(responseId, { askedMs, createdMs: nowMs, outputMs: undefined, hasAudio: false, cancelledMs: undefined, calls: new Set() });
    if (cancelled) this.#cancelActive(responseId);
    this.#schedule();
    return !cancelled;
  }

  /** Something of the answer came. False: nobody wants it any more. */
  output(responseId: string): boolean {
    const active = this.#active.get(responseId);
    if (active === undefined || active.cancelledMs !== undefined) return false;
    const first = active.outputMs === undefined;
    active.outputMs = this.#clock.nowMs();
    // From then on the deadline only moves away, and the timer finds that out by itself.
    if (first) this.#schedule();
    return true;
  }

  /** For the first audio of an answer: how long after it was asked for; undefined for all that follows. */
  firstAudioAfterMs(responseId: string): number | undefined {
    const active = this.#active.get(responseId);
    if (active === undefined || active.hasAudio) return undefined;
    active.hasAudio = true;
    return this.#clock.nowMs() - active.askedMs;
  }

  /** False for a call that is known already: some servers report one more than once. */
  isNewCall(responseId: string, callId: string): boolean {
    const calls = this.#active.get(responseId)?.calls;
    if (calls === undefined || calls.has(callId)) return false;
    calls.add(callId);
    return true;
  }

  /** False for an answer that is not known (any more). */
  done(responseId: string): boolean {
    const known = this.#active.delete(responseId);
    this.#sendWanted();
    return known;
  }

  cancel(): void {
    this.#wanted = undefined;
    if (this.#sent !== undefined) this.#sent.cancelled = true;
    for (const responseId of this.#active.keys()) this.#cancelActive(responseId);
    this.#schedule();
  }

  /**
   * The server refused an event of ours. `later`: it was a request that came while another answer was under way,
   * and is repeated after that one. `refused`: an answer that was asked for will not come. `other`: neither.
   */
  refused(eventId: string | undefined, code: string | undefined): 'later' | 'refused' | 'other' {
    const last = this.#last;
    if (last === undefined || eventId !== last.eventId) return 'other';
    this.#last = undefined;
    if (this.#sent === last) this.#sent = undefined;
    if (code !== 'conversation_already_has_active_response') return 'refused';
    if (!last.cancelled) this.#wanted ??= last;
    // Where the answer in question has not been announced to us yet, its end will tell.
    return 'later';
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #sendWanted(): void {
    const wanted = this.#wanted;
    if (wanted === undefined || this.#sent !== undefined || this.#active.size > 0) return this.#schedule();
    this.#wanted = undefined;
    const { instructions } = wanted;
    this.#sent = { instructions, eventId: `response-${++this.#eventCount}`, atMs: this.#clock.nowMs(), cancelled: false };
    this.#last = this.#sent;
    this.#events.send({ type: 'response.create', event_id: this.#sent.eventId, ...(instructions === undefined ? {} : { response: { instructions } }) });
    this.#schedule();
  }

  #cancelActive(responseId: string): void {
    const active = this.#active.get(responseId);
    if (active === undefined || active.cancelledMs !== undefined) return;
    active.cancelledMs = this.#clock.nowMs();
    this.#events.send({ type: 'response.cancel', response_id: responseId });
  }

  /** The next moment at which something is late, and what that means. */
  #next(): { readonly atMs: number; readonly then: () => void } {
    const { firstMs, gapMs, totalMs } = this.#limits;
    let next = { atMs: Infinity, then: (): void => undefined };
    const consider = (atMs: number, then: () => void): void => {
      if (atMs < next.atMs) next = { atMs, then };
    };
    const late = (code: 'provider_first_timeout' | 'provider_gap_timeout' | 'provider_total_timeout', what: string) => (): void =>
      this.#events.expired(new ProviderError(code, `${this.#vendor} realtime: ${what}`));
    const noFirst = late('provider_first_timeout', `no answer began within ${firstMs} ms`);
    const sent = this.#sent;
    if (sent?.cancelled === true) consider(sent.atMs + SETTLE_MS, () => (this.#sent = undefined));
    else if (sent !== undefined) consider(sent.atMs + firstMs, noFirst);
    if (this.#expectedMs !== undefined) consider(this.#expectedMs + firstMs, noFirst);
    for (const [id, { askedMs, createdMs, outputMs, cancelledMs }] of this.#active) {
      if (cancelledMs !== undefined) {
        consider(cancelledMs + SETTLE_MS, () => void (this.#active.delete(id) && this.#events.settled(id)));
        continue;
      }
      if (outputMs === undefined) consider(askedMs + firstMs, noFirst);
      else consider(outputMs + gapMs, late('provider_gap_timeout', `an answer stopped for ${gapMs} ms`));
      consider(createdMs + totalMs, late('provider_total_timeout', `an answer was not complete within ${totalMs} ms`));
    }
    return next;
  }

  /** One timer, set to the earliest deadline; it looks again where that has moved. */
  #schedule(): void {
    const { atMs } = this.#next();
    if (this.#stopped || atMs >= this.#timerMs) return;
    this.#timer?.cancel();
    this.#timerMs = atMs;
    this.#timer = this.#clock.at(monotonicMs(atMs), () => this.#onTimer());
  }

  #onTimer(): void {
    this.#timerMs = Infinity;
    const { atMs, then } = this.#next();
    if (atMs <= this.#clock.nowMs()) then();
    this.#sendWanted();
  }
}
