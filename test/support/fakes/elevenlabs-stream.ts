import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import type { Timer } from '../../../voice-node/domain/clock.js';
import { monotonicMs } from '../../../voice-node/domain/time.js';
import { bytesOf, type ElevenLabsFault, type ElevenLabsOptions } from './elevenlabs.js';

const DEFAULT_INACTIVITY_S = 20;

/** One connection to `/v1/text-to-speech/{voice}/stream-input`. */
export class Conversation {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  /** What the client sent, in order. */
  readonly messages: Record<string, unknown>[] = [];
  closed: number | undefined;
  readonly #socket: WebSocket;
  readonly #raw: Socket;
  readonly #options: ElevenLabsOptions;
  readonly #fault: ElevenLabsFault;
  readonly #changed: () => void;
  /** Text that was not flushed yet. */
  #waiting = '';
  #isOver = false;
  #timer: Timer | undefined;

  constructor(socket: WebSocket, request: IncomingMessage, options: ElevenLabsOptions, fault: ElevenLabsFault, changed: () => void) {
    const url = new URL(request.url ?? '/', 'http://fake');
    this.path = url.pathname;
    this.query = Object.fromEntries(url.searchParams);
    this.headers = request.headers;
    this.#socket = socket;
    this.#raw = request.socket;
    this.#options = options;
    this.#fault = fault;
    this.#changed = changed;
    socket.on('message', (data: RawData) => this.#take((data as Buffer).toString('utf8')));
    socket.on('close', (code: number) => {
      this.closed = code;
      this.stop();
      changed();
    });
    socket.on('error', () => undefined);
    this.#rearm();
    if (typeof fault === 'object' && 'close' in fault && fault.midway !== true) this.#close(fault.close, fault.reason);
    if (typeof fault === 'object' && 'error' in fault) this.#fail(fault.error, fault.message ?? 'trouble');
    if (fault === 'wrong_json') socket.send('[1,2,3]');
    if (fault === 'garbage') socket.send('}{ garbage');
    if (fault === 'binary') socket.send(Buffer.from([1, 2, 3]));
  }

  stop(): void {
    this.#isOver = true;
    this.#timer?.cancel();
  }

  #take(text: string): void {
    const message = JSON.parse(text) as Record<string, unknown>;
    this.messages.push(message);
    this.#changed();
    if (this.#isOver) return;
    this.#rearm();
    if (typeof message['text'] !== 'string') return this.#fail('invalid_input_message', 'Could not parse input message');
    if (this.messages.length === 1 && message['text'] !== ' ') return this.#fail('invalid_input_message', 'The first text must be a space');
    this.#waiting += message['text'];
    if (message['text'] === '') return this.#finish();
    if (message['flush'] === true) this.#speak();
  }

  /** Everything that waits, at the rate the client asked for. */
  #speak(): void {
    const said = this.#waiting.trim();
    this.#waiting = '';
    if (said === '') return;
    const bytes = bytesOf(this.#options, this.query['output_format'] ?? 'mp3_44100_128');
    const size = this.#options.chunkBytes ?? 3001;
    for (let from = 0; from < bytes.length && !this.#isOver; from += size) {
      const audio = bytes.subarray(from, from + size).toString('base64');
      if (this.#fault === 'truncated_base64') return this.#send({ audio: audio.slice(0, -3), isFinal: null });
      this.#audio(audio, said);
      this.#midway(audio, said);
    }
  }

  #audio(audio: string, said: string): void {
    const timing = { charStartTimesMs: [0], charDurationsMs: [10], chars: [said[0]] };
    this.#send({ audio, isFinal: null, normalizedAlignment: timing, alignment: timing });
  }

  #midway(audio: string, said: string): void {
    const fault = this.#fault;
    if (fault === 'hang_midway') this.stop();
    if (fault === 'reset_midway') this.#afterwards(() => this.#raw.resetAndDestroy());
    // Half of a frame that says it is 100 bytes long.
    if (fault === 'finish_midway') this.#afterwards(() => this.#raw.end(Buffer.from([0x81, 100, 123, 34])));
    if (typeof fault === 'object' && 'close' in fault && fault.midway === true) this.#close(fault.close, fault.reason);
    if (fault === 'endless') {
      const more = (): void => {
        while (!this.#isOver && this.#socket.readyState === this.#socket.OPEN) {
          this.#audio(audio, said);
          if (this.#socket.bufferedAmount > 1_000_000) return void setTimeout(more, 5);
        }
      };
      more();
    }
  }

  #afterwards(then: () => void): void {
    this.stop();
    setTimeout(then, 20);
  }

  #finish(): void {
    this.#speak();
    if (this.#isOver || this.#fault === 'endless') return;
    this.#send({ audio: null, isFinal: true });
    this.#close(1000);
  }

  #fail(error: string, message: string): void {
    this.#send({ message, error, code: 1008 });
    this.#close(1008, message);
  }

  #send(message: object): void {
    if (!this.#isOver) this.#socket.send(JSON.stringify(message));
  }

  #close(code: number, reason = ''): void {
    this.stop();
    if (code === 1006) this.#raw.destroy();
    else this.#socket.close(code, reason);
  }

  #rearm(): void {
    this.#timer?.cancel();
    const { clock } = this.#options;
    const limitS = Number(this.query['inactivity_timeout'] ?? DEFAULT_INACTIVITY_S);
    this.#timer = clock?.at(monotonicMs(clock.nowMs() + limitS * 1000), () => this.#fail('input_timeout_exceeded', `Have not received a new text input within the timeout of ${limitS} seconds.`));
  }
}
