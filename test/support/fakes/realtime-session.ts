import type { Timer } from '../../../voice-node/domain/clock.js';
import { monotonicMs } from '../../../voice-node/domain/time.js';
import { FAKE_RATE_HZ, FakeAnswer, type FakeItem, type FakePart } from './realtime-answer.js';
import { Recording } from './realtime-recording.js';
import { FakeVad } from './realtime-vad.js';
import type { FakeRealtime, Moment } from './realtime.js';

/** How the other end of the line is reached. */
export interface FakeWire {
  send(text: string): void;
  close(code: number, reason: string): void;
  /** The connection ends or goes on as no WebSocket should. */
  spoil(how: 'reset' | 'fin' | 'garbage' | 'bad_utf8' | 'dribble'): void;
}

type Json = Readonly<Record<string, unknown>>;
const objectOf = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});

/** The server's side of one session. Strict: what a real server refuses, it refuses. */
export class FakeSession {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Every message that came, but for audio. */
  readonly received: Json[] = [];
  /** Error events that were sent: a well-behaved client causes none. */
  readonly complaints: string[] = [];
  readonly items: FakeItem[] = [];
  readonly answers: FakeAnswer[] = [];
  config: Json = {};
  closedBy: 'client' | 'server' | undefined;
  /** All that was ever appended, at 24 kHz. */
  readonly heard = new Recording();
  readonly #fake: FakeRealtime;
  readonly #wire: FakeWire;
  #vad: FakeVad | undefined;
  /** Where in `heard` the audio begins that is not part of an item yet. */
  #bufferFrom = 0;
  #speechItem: string | undefined;
  #limit: Timer | undefined;
  /** A fault has happened that leaves the line open and silent. */
  #mute = false;

  constructor(fake: FakeRealtime, wire: FakeWire, url: URL, headers: FakeSession['headers']) {
    this.#fake = fake;
    this.#wire = wire;
    this.url = url;
    this.headers = headers;
    this.emit({ type: 'session.created', session: { id: fake.newId('sess'), object: 'realtime.session', type: 'realtime' } });
    const { clock, options } = fake;
    if (options.sessionMaxMs !== undefined) {
      this.#limit = clock.at(monotonicMs(clock.nowMs() + options.sessionMaxMs), () => {
        this.complain('session_expired', undefined);
        this.close(1001, 'Your session hit the maximum duration.');
      });
    }
  }

  get answer(): FakeAnswer | undefined {
    const last = this.answers.at(-1);
    return last?.over === false ? last : undefined;
  }

  get open(): boolean {
    return this.closedBy === undefined;
  }

  emit(event: Json): void {
    if (this.open && !this.#mute) this.#wire.send(JSON.stringify({ event_id: this.#fake.newId('event'), ...event }));
  }

  complain(code: string, eventId: unknown, type = 'invalid_request_error'): void {
    this.complaints.push(code);
    this.emit({ type: 'error', error: { type, code, message: 'what a server says in a sentence', param: null, event_id: eventId ?? null } });
  }

  close(code: number, reason: string): void {
    if (!this.open) return;
    this.#over('server');
    this.#wire.close(code, reason);
  }

  /** The client has closed, or its line is gone. */
  gone(): void {
    if (this.open) this.#over('client');
  }

  #over(by: 'client' | 'server'): void {
    this.closedBy = by;
    this.#limit?.cancel();
    for (const answer of this.answers) answer.stop();
  }

  /** False: a fault was due at this moment, and things do not go on. */
  proceed(moment: Moment): boolean {
    const fault = this.#fake.takeFault(moment);
    if (fault === undefined) return this.open && !this.#mute;
    if (typeof fault === 'object') {
      if (fault.close === 1006) this.#spoil('fin');
      else this.close(fault.close, fault.reason ?? '');
      return false;
    }
    switch (fault) {
      case 'hang':
        this.answer?.stop();
        this.#mute = true;
        return false;
      case 'wrong_json':
        this.#wire.send('{"kind":"not an event of this protocol"}');
        return this.#silence();
      case 'wrong_event':
        this.#wire.send('{"type":"response.output_audio.delta","response_id":7}');
        return this.#silence();
      case 'bad_base64':
        this.#wire.send(`{"type":"response.output_audio.delta","response_id":"${this.answer?.id ?? 'r'}","item_id":"i","delta":"AAAAA"}`);
        return this.#silence();
      case 'endless':
        if (this.answer !== undefined) this.answer.endless = true;
        return true;
      case 'error_event':
        this.complain('server_error', undefined, 'server_error');
        return this.#silence();
      default:
        this.#spoil(fault);
        return false;
    }
  }

  #silence(): false {
    this.answer?.stop();
    this.#mute = true;
    return false;
  }

  #spoil(how: Parameters<FakeWire['spoil']>[0]): void {
    if (how === 'reset' || how === 'fin') this.#over('server');
    else this.#silence();
    this.#wire.spoil(how);
  }

  receive(text: string): void {
    if (!this.open || this.#mute) return;
    const message = JSON.parse(text) as Json;
    const { type, event_id: eventId } = message;
    if (type === 'input_audio_buffer.append') return this.#append(message.audio, eventId);
    this.received.push(message);
    switch (type) {
      case 'session.update':
        return this.#configure(objectOf(message.session), eventId);
      case 'input_audio_buffer.commit':
        if (this.heard.length - this.#bufferFrom < FAKE_RATE_HZ / 10) return this.complain('input_audio_buffer_commit_empty', eventId);
        return this.#commit(this.#fake.newId('item'), this.heard.length);
      case 'input_audio_buffer.clear':
        this.#bufferFrom = this.heard.length;
        return this.emit({ type: 'input_audio_buffer.cleared' });
      case 'conversation.item.create':
        return this.#createItem(objectOf(message.item), eventId);
      case 'conversation.item.truncate':
        return this.#truncate(message, eventId);
      case 'response.create':
        if (this.answer !== undefined) return this.complain('conversation_already_has_active_response', eventId);
        return this.#respond(objectOf(message.response).instructions);
      case 'response.cancel':
        if (this.answer === undefined || (message.response_id !== undefined && message.response_id !== this.answer.id)) return this.complain('response_cancel_not_active', eventId);
        return this.answer.cancel('client_cancelled');
      default:
        return this.complain('unknown_event', eventId);
    }
  }

  #configure(session: Json, eventId: unknown): void {
    if (!this.proceed('session')) return;
    const typed = this.#fake.options.dialect === 'yandex' ? session.type === undefined : session.type === 'realtime';
    if (!typed) return this.complain('missing_required_parameter', eventId);
    this.config = session;
    const detection = objectOf(objectOf(objectOf(session.audio).input).turn_detection);
    this.#vad = detection.type === 'server_vad' ? new FakeVad({ threshold: detection.threshold as number, silenceMs: detection.silence_duration_ms as number }) : undefined;
    this.emit({ type: 'session.updated', session: { object: 'realtime.session', ...session } });
  }

  #append(audio: unknown, eventId: unknown): void {
    if (typeof audio !== 'string') return this.complain('invalid_audio', eventId);
    const bytes = Buffer.from(audio, 'base64');
    const samples = new Int16Array(bytes.length >> 1);
    for (let i = 0; i < samples.length; i++) samples[i] = bytes.readInt16LE(2 * i);
    this.heard.push(samples);
    this.#vad?.push(
      samples,
      (at) => this.#speechStarted(at),
      (at) => this.#speechStopped(at),
    );
  }

  #turnDetection(): Json {
    return objectOf(objectOf(objectOf(this.config.audio).input).turn_detection);
  }

  #speechStarted(atSamples: number): void {
    const { prefix_padding_ms: paddingMs, interrupt_response: interrupts } = this.#turnDetection();
    this.#bufferFrom = Math.max(this.#bufferFrom, atSamples - ((paddingMs as number) * FAKE_RATE_HZ) / 1000);
    this.#speechItem = this.#fake.newId('item');
    this.emit({ type: 'input_audio_buffer.speech_started', item_id: this.#speechItem, audio_start_ms: Math.round(this.#bufferFrom / 24) });
    if (interrupts === true) this.answer?.cancel('turn_detected');
  }

  #speechStopped(atSamples: number): void {
    const id = this.#speechItem ?? this.#fake.newId('item');
    this.#speechItem = undefined;
    this.emit({ type: 'input_audio_buffer.speech_stopped', item_id: id, audio_end_ms: Math.round(atSamples / 24) });
    this.#commit(id, atSamples);
    if (this.#turnDetection().create_response === true && this.answer === undefined) this.#respond(undefined);
  }

  #commit(id: string, to: number): void {
    const audio = this.heard.slice(this.#bufferFrom, to);
    this.#bufferFrom = to;
    if (!this.proceed('committed')) return;
    this.emit({ type: 'input_audio_buffer.committed', item_id: id, previous_item_id: this.items.at(-1)?.id ?? null });
    const text = this.#fake.options.transcribe?.(audio);
    this.items.push({ id, role: 'user', text: text ?? '', audio, audioMs: 0 });
    this.emit({ type: 'conversation.item.added', item: { id, type: 'message', role: 'user', content: [{ type: 'input_audio', transcript: null }] } });
    // Yandex writes down what it hears unasked.
    const wanted = this.#fake.options.dialect === 'yandex' || objectOf(objectOf(this.config.audio).input).transcription !== undefined;
    if (text === undefined || !wanted) return;
    const { clock, options } = this.#fake;
    clock.at(monotonicMs(clock.nowMs() + options.transcriptMs), () => {
      const item = { item_id: id, content_index: 0 };
      this.emit({ type: 'conversation.item.input_audio_transcription.delta', ...item, delta: text.slice(0, 4) });
      this.emit({ type: 'conversation.item.input_audio_transcription.completed', ...item, transcript: text, usage: { type: 'duration', seconds: audio.length / FAKE_RATE_HZ } });
    });
  }

  #createItem(item: Json, eventId: unknown): void {
    const id = this.#fake.newId('item');
    if (item.type === 'function_call_output') {
      this.items.push({ id, role: 'tool', text: String(item.output), audioMs: 0 });
    } else {
      const content = objectOf((item.content as unknown[] | undefined)?.[0]);
      const allowed = item.role === 'assistant' ? ['output_text'] : ['input_text', 'input_audio'];
      if (item.type !== 'message' || !allowed.includes(String(content.type))) return this.complain('invalid_value', eventId);
      const bytes = Buffer.from(typeof content.audio === 'string' ? content.audio : '', 'base64');
      const audio = new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
      this.items.push({ id, role: item.role as 'user' | 'assistant', text: String(content.text ?? ''), audioMs: 0, ...(audio.length > 0 ? { audio } : {}) });
    }
    this.emit({ type: 'conversation.item.added', item: { id, ...item }, previous_item_id: null });
    this.emit({ type: 'conversation.item.done', item: { id, ...item }, previous_item_id: null });
  }

  #truncate(message: Json, eventId: unknown): void {
    const item = this.items.find(({ id, role }) => id === message.item_id && role === 'assistant');
    const endMs = message.audio_end_ms;
    // What was made is cut to the millisecond, and no request may go beyond it.
    if (item === undefined || typeof endMs !== 'number' || !Number.isInteger(endMs) || endMs > item.audioMs) return this.complain('invalid_value', eventId);
    item.truncatedMs = endMs;
    this.emit({ type: 'conversation.item.truncated', item_id: item.id, content_index: 0, audio_end_ms: endMs });
  }

  #respond(instructions: unknown): void {
    const fake = this.#fake;
    const number = fake.nextAnswer();
    const parts: readonly FakePart[] = fake.options.answer({ session: this, number, instructions: typeof instructions === 'string' ? instructions : undefined });
    const answer = new FakeAnswer(number, parts, fake.options, {
      clock: fake.clock,
      newId: (kind) => fake.newId(kind),
      emit: (event) => this.emit(event),
      addItem: (item) => this.items.push(item),
      proceed: (moment) => this.proceed(moment),
      finished: () => undefined,
    });
    this.answers.push(answer);
  }
}
