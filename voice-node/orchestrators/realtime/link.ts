import type { Clock, Timer } from '../../domain/clock.js';
import type { VoiceNodeError } from '../../domain/errors.js';
import type { Log } from '../../domain/observer.js';
import { ProviderError } from '../../domain/provider.js';
import type { RealtimeListener, RealtimeModel, RealtimeOptions, RealtimeSession } from '../../domain/realtime.js';
import { monotonicMs } from '../../domain/time.js';

/** The next session is opened this long before it is needed, or earlier: a quarter of its predecessor's life. */
const MAX_LEAD_MS = 20_000;
/** Attempts in a row that may fail before the caller is told so. */
const MAX_ATTEMPTS = 3;
/** Full jitter: uniform between 0 and this, doubled with every attempt. */
const RETRY_BASE_MS = 250;
const RETRY_CAP_MS = 4000;
/** A session that has lived for so long was a good one. */
const HEALTHY_MS = 10_000;
/** Asked to stay away for longer than this, we do, and the caller hears of it. */
const MAX_STAY_AWAY_MS = 3000;

/** What the conversation is told of its sessions. Everything else of the listener comes from the current one only. */
export interface LinkOwner extends Omit<RealtimeListener, 'ready' | 'ended'> {
  /** `session` is the one to talk to from now on, and knows nothing yet. */
  takenOver(session: RealtimeSession): void;
  /** The session is gone; another one is on its way. */
  lost(error: VoiceNodeError): void;
  /** No session can be had, until `wake`. */
  gaveUp(error: VoiceNodeError): void;
  /** Whether another session may take over now. `forced`: the present one has reached its age. */
  mayHandOver(forced: boolean): boolean;
}

export interface LinkOptions {
  readonly model: RealtimeModel;
  readonly session: RealtimeOptions;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

interface Slot {
  session: RealtimeSession;
  readonly openedMs: number;
  ready: boolean;
  /** When it was both ready and the current one. */
  inUseMs: number | undefined;
}

/**
 * Keeps one session open: replaces it before its time is over, at a moment when nobody notices, and after it has
 * died, with pauses that grow, until it seems hopeless.
 */
export class Link {
  readonly #options: LinkOptions;
  readonly #owner: LinkOwner;
  #current: Slot | undefined;
  #next: Slot | undefined;
  #attempts = 0;
  #down: VoiceNodeError | undefined;
  #renewal: Timer | undefined;
  #limit: Timer | undefined;
  #retry: Timer | undefined;
  #closed = false;

  constructor(options: LinkOptions, owner: LinkOwner) {
    this.#options = options;
    this.#owner = owner;
  }

  /** Undefined while there is none. */
  get session(): RealtimeSession | undefined {
    return this.#current?.session;
  }

  /** Why no session can be had. */
  get down(): VoiceNodeError | undefined {
    return this.#down;
  }

  /** How long the session has been able to hear what is said. */
  get readyForMs(): number {
    return this.#options.clock.nowMs() - (this.#current?.inUseMs ?? Infinity);
  }

  start(): void {
    this.#become(this.#open());
  }

  /** Somebody needs a session. */
  wake(): void {
    if (this.#down === undefined || this.#closed) return;
    this.#down = undefined;
    this.#attempts = 0;
    this.start();
  }

  /** Something has changed: it may be the moment for the next session to take over. */
  poke(): void {
    const { clock, model, log } = this.#options;
    const [current, next] = [this.#current, this.#next];
    if (current === undefined || next?.ready !== true) return;
    const forced = clock.nowMs() - current.openedMs >= model.sessionMaxMs;
    if (!this.#owner.mayHandOver(forced)) return;
    this.#next = undefined;
    current.session.close();
    log.info({ ageMs: Math.round(clock.nowMs() - current.openedMs), forced }, 'realtime session renewed');
    this.#become(next);
  }

  close(): void {
    this.#closed = true;
    for (const timer of [this.#renewal, this.#limit, this.#retry]) timer?.cancel();
    this.#current?.session.close();
    this.#next?.session.close();
    this.#current = undefined;
    this.#next = undefined;
  }

  #open(): Slot {
    const { model, clock, session } = this.#options;
    const slot: Omit<Slot, 'session'> & Partial<Slot> = { openedMs: clock.nowMs(), ready: false, inUseMs: undefined };
    slot.session = model.open(session, this.#listen(slot as Slot));
    return slot as Slot;
  }

  #listen(slot: Slot): RealtimeListener {
    const owner = this.#owner;
    const ours = <A extends unknown[]>(tell: (...args: A) => void) => (...args: A): void => {
      if (this.#current === slot) tell(...args);
    };
    return {
      ready: () => {
        slot.ready = true;
        if (slot === this.#current) slot.inUseMs = this.#options.clock.nowMs();
        this.poke();
      },
      speechStarted: ours((itemId) => owner.speechStarted(itemId)),
      speechStopped: ours((itemId) => owner.speechStopped(itemId)),
      committed: ours((itemId) => owner.committed(itemId)),
      transcript: ours((itemId, text, final) => owner.transcript(itemId, text, final)),
      responseStarted: ours((responseId) => owner.responseStarted(responseId)),
      text: ours((responseId, itemId, delta) => owner.text(responseId, itemId, delta)),
      audio: ours((responseId, itemId, samples, rateHz) => owner.audio(responseId, itemId, samples, rateHz)),
      toolCall: ours((responseId, callId, name, args) => owner.toolCall(responseId, callId, name, args)),
      responseDone: ours((responseId, how, error) => owner.responseDone(responseId, how, error)),
      refused: ours((error) => owner.refused(error)),
      trouble: ours((error) => owner.trouble(error)),
      ended: (error) => this.#ended(slot, error),
    };
  }

  #become(slot: Slot): void {
    const { model, clock } = this.#options;
    this.#current = slot;
    if (slot.ready) slot.inUseMs = clock.nowMs();
    this.#renewal?.cancel();
    this.#limit?.cancel();
    const endMs = slot.openedMs + model.sessionMaxMs;
    const leadMs = Math.min(MAX_LEAD_MS, model.sessionMaxMs / 4);
    this.#renewal = clock.at(monotonicMs(endMs - leadMs), () => this.#renew());
    this.#limit = clock.at(monotonicMs(endMs), () => this.poke());
    this.#owner.takenOver(slot.session);
  }

  #renew(): void {
    if (!this.#closed && this.#next === undefined && this.#current !== undefined) this.#next = this.#open();
  }

  #ended(slot: Slot, error: VoiceNodeError): void {
    if (this.#closed) return;
    const { log, clock } = this.#options;
    const ageMs = Math.round(clock.nowMs() - slot.openedMs);
    log.warn({ code: error.code, error: error.message, ageMs }, 'realtime session ended');
    if (slot === this.#next) {
      this.#next = undefined;
      this.#renewal = this.#after(RETRY_CAP_MS / 2, () => this.#renew());
      return;
    }
    if (slot !== this.#current) return;
    this.#current = undefined;
    this.#owner.lost(error);
    const next = this.#next;
    this.#next = undefined;
    if (next !== undefined) return this.#become(next);
    if (slot.ready && ageMs >= HEALTHY_MS) this.#attempts = 0;
    this.#tryAgain(slot, error);
  }

  #tryAgain(slot: Slot, error: VoiceNodeError): void {
    const stayAwayMs = (error instanceof ProviderError ? error.retryAfterMs : undefined) ?? 0;
    // Whoever refuses a session before it began would refuse the next one as well.
    const hopeless = error.code === 'provider_auth' || (error.code === 'provider_rejected' && !slot.ready) || stayAwayMs > MAX_STAY_AWAY_MS;
    if (hopeless || ++this.#attempts >= MAX_ATTEMPTS) {
      this.#down = error;
      return this.#owner.gaveUp(error);
    }
    const ceilingMs = Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** (this.#attempts - 1));
    this.#retry = this.#after(Math.max(stayAwayMs, this.#options.random() * ceilingMs), () => this.start());
  }

  #after(delayMs: number, task: () => void): Timer {
    const { clock } = this.#options;
    return clock.at(monotonicMs(clock.nowMs() + delayMs), () => {
      if (!this.#closed) task();
    });
  }
}
