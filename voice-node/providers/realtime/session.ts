import type { Clock, Timer } from '../../domain/clock.js';
import { asNodeError } from '../../domain/errors.js';
import type { Meter } from '../../domain/observer.js';
import { ProviderError, type ProviderLimits, type UsageUnit } from '../../domain/provider.js';
import type { RealtimeItem, RealtimeListener, RealtimeOptions, RealtimeSession, ResponseEnd } from '../../domain/realtime.js';
import { monotonicMs } from '../../domain/time.js';
import { parseServerEvent, type ServerEvent } from './events.js';
import { errorOfEnd, errorOfTrouble } from './failures.js';
import { Outbox } from './outbox.js';
import { Pulse } from './pulse.js';
import { Responses } from './responses.js';
import type { ConnectSocket, RealtimeSocket } from './socket.js';
import { base64At24k, Upstream } from './upstream.js';
import { addressOf, SESSION_RATE_HZ, sessionOf, type RealtimeVendorOptions } from './vendors.js';


/** Refusals that say only that the two sides spoke at the same time. */
const HARMLESS: ReadonlySet<string> = new Set(['response_cancel_not_active', 'input_audio_buffer_commit_empty']);

export type RealtimeMeter = Pick<Meter, 'providerError' | 'providerFirst' | 'providerUsed'>;

export interface SessionContext {
  readonly vendor: RealtimeVendorOptions;
  readonly limits: ProviderLimits;
  readonly clock: Clock;
  readonly connect: ConnectSocket;
  readonly meter: RealtimeMeter;
}

/** One connection to a vendor that speaks OpenAI's Realtime protocol. Ends once, for whatever reason comes first. */
export class OpenAiRealtimeSession implements RealtimeSession {
  readonly #context: SessionContext;
  readonly #options: RealtimeOptions;
  readonly #listener: RealtimeListener;
  readonly #responses: Responses;
  readonly #upstream = new Upstream((message) => this.#sendText(message));
  readonly #outbox: Outbox;
  readonly #onAbort = (): void => this.close();
  #socket: RealtimeSocket | undefined;
  #ready = false;
  #over = false;
  #connectTimer: Timer | undefined;
  readonly #pulse: Pulse;
  /** The item whose words come, and in which of the two streams: those of the other one are the same again. */
  #words: { readonly itemId: string; readonly stream: string } | undefined;

  /** What the caller says, as far as it was written down. */
  #writing: { readonly itemId: string; readonly text: string } | undefined;

  constructor(context: SessionContext, options: RealtimeOptions, listener: RealtimeListener) {
    this.#context = context;
    this.#options = options;
    this.#listener = listener;
    const { clock, vendor, limits } = context;
    this.#outbox = new Outbox(vendor.vendor, clock, (error) => this.#end(error));
    this.#responses = new Responses(vendor.vendor, limits, clock, {
      send: (message) => this.#send(message),
      settled: (responseId) => listener.responseDone(responseId, 'cancelled'),
      expired: (error) => this.#end(error),
    });
    this.#pulse = new Pulse(
      clock,
      () => this.#socket?.ping(),
      (silentMs) => this.#end(new ProviderError('provider_broken', `${vendor.vendor} realtime: nothing was heard for ${silentMs} ms`)),
    );
    this.#connectTimer = clock.at(monotonicMs(clock.nowMs() + limits.connectMs), () =>
      this.#end(new ProviderError('provider_connect_timeout', `${vendor.vendor} realtime: no session within ${limits.connectMs} ms`)),
    );
    if (options.signal.aborted) this.close();
    else this.#connect();
  }

  #connect(): void {
    this.#options.signal.addEventListener('abort', this.#onAbort);
    const { vendor, connect } = this.#context;
    try {
      const { url, headers } = addressOf(vendor);
      this.#socket = connect(url, headers, {
        open: () => this.#hear(() => this.#onOpen()),
        message: (text) => this.#hear(() => this.#onMessage(text)),
        alive: () => this.#hear(() => undefined),
        ended: (end) => this.#end(errorOfEnd(vendor.vendor, end, this.#ready, this.#context.clock.wallMs())),
      });
    } catch {
      // A key with a line break cannot stand in a header; what is thrown then may repeat it.
      const error = new ProviderError('provider_rejected', `${vendor.vendor} realtime: expected an address and a key that a request can carry`);
      void Promise.resolve().then(() => this.#end(error));
    }
  }

  /** The other side is there. */
  #hear(task: () => void): void {
    if (this.#over) return;
    this.#pulse.heard();
    task();
  }

  // What the orchestrator wants.

  remember(item: RealtimeItem): void {
    const content =
      'audio' in item
        ? { type: 'input_audio', audio: base64At24k(item.audio.samples, item.audio.rateHz) }
        : { type: item.role === 'user' ? 'input_text' : 'output_text', text: item.text };
    this.#send({ type: 'conversation.item.create', item: { type: 'message', role: item.role, content: [content] } });
  }

  append(samples: Int16Array, rateHz: number): void {
    if (!this.#over) this.#upstream.push(samples, rateHz);
  }

  commit(): void {
    this.#upstream.flush();
    this.#upstream.reset();
    this.#send({ type: 'input_audio_buffer.commit' });
    this.respond();
  }

  clear(): void {
    this.#upstream.reset();
    this.#send({ type: 'input_audio_buffer.clear' });
  }

  respond(instructions?: string): void {
    if (this.#over) return;
    if (this.#ready) this.#responses.request(instructions);
    else this.#outbox.wish(instructions);
  }

  cancel(): void {
    if (this.#over) return;
    this.#outbox.dropWishes();
    this.#responses.cancel();
  }

  truncate(itemId: string, audioMs: number): void {
    this.#send({ type: 'conversation.item.truncate', item_id: itemId, content_index: 0, audio_end_ms: Math.max(0, Math.floor(audioMs)) });
  }

  toolResult(callId: string, output: string): void {
    this.#send({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id: callId, output } });
  }

  close(): void {
    this.#finish();
    this.#socket?.close();
  }

  // What the connection says.

  #onOpen(): void {
    const message = JSON.stringify({ type: 'session.update', session: sessionOf(this.#context.vendor, this.#options) });
    this.#socket?.send(message);
    this.#pulse.start();
  }

  #onMessage(text: string): void {
    let event: ServerEvent;
    try {
      event = parseServerEvent(this.#context.vendor.vendor, text);
    } catch (error) {
      return this.#end(asNodeError(error, 'provider_protocol'));
    }
    this.#onEvent(event);
  }

  #onEvent(event: ServerEvent): void {
    const listener = this.#listener;
    switch (event.type) {
      case 'session_updated':
        return this.#onReady();
      case 'speech_started':
        this.#responses.unexpect();
        return listener.speechStarted(event.itemId);
      case 'speech_stopped':
        this.#responses.expect();
        return listener.speechStopped(event.itemId);
      case 'committed':
        return listener.committed(event.itemId);
      case 'transcript':
        this.#used('input_tokens', event.usage.inputTokens);
        this.#used('output_tokens', event.usage.outputTokens);
        this.#used('audio_seconds', event.usage.seconds);
        return listener.transcript(event.itemId, this.#written(event), event.final);
      case 'response_created':
        if (this.#responses.created(event.responseId)) listener.responseStarted(event.responseId);
        return;
      case 'response_done':
        return this.#onDone(event);
      case 'error':
        return this.#onError(event);
      case 'ignored':
        return;
      default:
        if (this.#responses.output(event.responseId)) this.#onOutput(event);
    }
  }

  /** Pieces of a transcript are told as all of it so far. */
  #written({ itemId, text, final }: Extract<ServerEvent, { readonly type: 'transcript' }>): string {
    const before = this.#writing?.itemId === itemId ? this.#writing.text : '';
    this.#writing = final ? undefined : { itemId, text: before + text };
    return final ? text : before + text;
  }

  #onReady(): void {
    if (this.#ready) return;
    this.#ready = true;
    this.#connectTimer?.cancel();
    this.#listener.ready();
    if (this.#socket !== undefined) this.#outbox.release(this.#socket, (instructions) => this.respond(instructions));
  }

  #onOutput(event: Extract<ServerEvent, { readonly type: 'text' | 'audio' | 'tool_call' }>): void {
    const { vendor, meter } = this.#context;
    const listener = this.#listener;
    switch (event.type) {
      case 'audio': {
        const afterMs = this.#responses.firstAudioAfterMs(event.responseId);
        if (afterMs !== undefined) meter.providerFirst('realtime', vendor.vendor, afterMs);
        if (event.samples.length > 0) listener.audio(event.responseId, event.itemId, event.samples, SESSION_RATE_HZ);
        return;
      }
      case 'text': {
        const known = this.#words?.itemId === event.itemId ? this.#words : undefined;
        // Whole texts matter only where no pieces came.
        if (event.whole ? known !== undefined : known !== undefined && known.stream !== event.stream) return;
        this.#words = { itemId: event.itemId, stream: event.stream };
        if (event.text !== '') listener.text(event.responseId, event.itemId, event.text);
        return;
      }
      case 'tool_call':
        if (this.#responses.isNewCall(event.responseId, event.callId)) listener.toolCall(event.responseId, event.callId, event.name, event.args);
    }
  }

  #onDone({ responseId, status, usage, trouble }: Extract<ServerEvent, { readonly type: 'response_done' }>): void {
    const { vendor } = this.#context;
    this.#used('input_tokens', usage.inputTokens);
    this.#used('output_tokens', usage.outputTokens);
    const how: ResponseEnd = status === 'cancelled' || status === 'failed' ? status : 'completed';
    if (!this.#responses.done(responseId)) return;
    if (how !== 'failed') return this.#listener.responseDone(responseId, how);
    const error = errorOfTrouble(vendor.vendor, 'an answer failed', trouble);
    this.#context.meter.providerError('realtime', error.code);
    this.#listener.responseDone(responseId, how, error);
  }

  #onError(event: Extract<ServerEvent, { readonly type: 'error' }>): void {
    const { vendor } = this.#context;
    const { code } = event.trouble;
    const asked = this.#responses.refused(event.eventId, code);
    if (asked === 'later' || (code !== undefined && HARMLESS.has(code))) return;
    const error = errorOfTrouble(vendor.vendor, this.#ready ? 'the server complained' : 'the session was refused', event.trouble);
    // Nearly all complaints concern one event and leave the session as it was.
    if (!this.#ready || error.code === 'provider_auth' || code === 'session_expired') return this.#end(error);
    this.#context.meter.providerError('realtime', error.code);
    if (asked === 'refused') this.#listener.refused(error);
    else this.#listener.trouble(error);
  }

  // The way out.

  #send(message: Readonly<Record<string, unknown>>): void {
    if (!this.#over) this.#sendText(JSON.stringify(message));
  }

  #sendText(text: string): void {
    if (!this.#over) this.#outbox.post(text);
  }

  #used(unit: UsageUnit, amount: number): void {
    if (amount > 0) this.#context.meter.providerUsed(this.#context.vendor.vendor, unit, amount);
  }

  /** True the first time. */
  #finish(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#outbox.clear();
    this.#responses.stop();
    this.#connectTimer?.cancel();
    this.#pulse.stop();
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    return true;
  }

  #end(error: ReturnType<typeof asNodeError>): void {
    if (!this.#finish()) return;
    this.#socket?.close();
    this.#context.meter.providerError('realtime', error.code);
    this.#listener.ended(error);
  }
}
