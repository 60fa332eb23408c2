import { status as Status, type Metadata } from '@grpc/grpc-js';
import {
  StreamingResponse,
  TextNormalizationOptions_TextNormalization as Normalization,
  type DeepPartial,
  type StreamingOptions,
  type StreamingRequest,
} from '@yandex-cloud/nodejs-sdk/dist/generated/yandex/cloud/ai/stt/v3/stt.js';
import type { Timer } from '../../../voice-node/domain/clock.js';
import { monotonicMs } from '../../../voice-node/domain/time.js';
import { fail, GARBAGE, isAllowed, type Duplex, type SpeechKitFault, type SpeechKitOptions, type SttSession } from './speechkit-script.js';

export const DEFAULT_PARTS = [{ raw: 'мой номер пять', refined: 'Мой номер 5' }] as const;
const INACTIVITY_MS = 5000;

/** One recognition session. */
export class Session implements SttSession {
  options: StreamingOptions | undefined;
  readonly metadata: Metadata;
  readonly events: SttSession['events'][number][] = [];
  readonly #call: Duplex;
  readonly #fake: SpeechKitOptions;
  readonly #fault: SpeechKitFault;
  readonly #changed: () => void;
  readonly #pcm: Buffer[] = [];
  readonly #parts: readonly { readonly raw: string; readonly refined: string }[];
  #part = 0;
  #finals = 0;
  #heardMs = 0;
  #partMs = 0;
  #words = 0;
  #isOver = false;
  #timer: Timer | undefined;

  constructor(call: Duplex, fake: SpeechKitOptions, fault: SpeechKitFault, changed: () => void) {
    this.#call = call;
    this.#fake = fake;
    this.#fault = fault;
    this.#changed = changed;
    this.metadata = call.metadata;
    this.#parts = fake.parts ?? DEFAULT_PARTS;
    call.on('data', (message: StreamingRequest) => this.#take(message));
    call.on('end', () => this.#finish());
    call.on('cancelled', () => {
      this.stop();
      this.#note('cancelled');
    });
    this.#rearm();
  }

  get pcm(): Buffer {
    return Buffer.concat(this.#pcm);
  }

  stop(): void {
    this.#isOver = true;
    this.#timer?.cancel();
  }

  #note(type: SttSession['events'][number]['type'], bytes = 0, durationMs = 0): void {
    this.events.push({ type, bytes, durationMs });
    this.#changed();
  }

  #take(message: StreamingRequest): void {
    if (this.#isOver) return;
    this.#rearm();
    if (message.sessionOptions !== undefined) this.#begin(message.sessionOptions);
    else if (this.options === undefined) this.#fail(Status.INVALID_ARGUMENT, 'session options must come first');
    else if (message.chunk !== undefined) {
      this.#pcm.push(message.chunk.data);
      const rateHz = this.options.recognitionModel?.audioFormat?.rawAudio?.sampleRateHertz ?? 0;
      const durationMs = (message.chunk.data.length * 500) / rateHz;
      this.#note('chunk', message.chunk.data.length, durationMs);
      this.#hear(durationMs);
    } else if (message.silenceChunk !== undefined) this.#note('silence', 0, message.silenceChunk.durationMs);
    else if (message.eou !== undefined) {
      this.#note('eou');
      if (this.options.eouClassifier?.externalClassifier === undefined) this.#fail(Status.INVALID_ARGUMENT, 'eou needs an external classifier');
      else this.#endPart();
    }
  }

  #begin(options: StreamingOptions): void {
    this.options = options;
    this.#changed();
    const fault = this.#fault;
    if (!isAllowed(this.metadata, this.#fake)) return this.#fail(Status.UNAUTHENTICATED, `key ${String(this.metadata.get('authorization')[0])} is unknown`);
    const raw = options.recognitionModel?.audioFormat?.rawAudio;
    if (raw?.audioEncoding !== 1 || raw.audioChannelCount !== 1 || raw.sampleRateHertz < 8000) return this.#fail(Status.INVALID_ARGUMENT, 'audio format');
    if (typeof fault === 'object' && fault.midway !== true) return this.#fail(fault.status, fault.details, fault.pushbackMs);
    if (fault === 'hang') return;
    if (fault === 'garbage') return void this.#call.write(GARBAGE);
    this.#write({ statusCode: { codeType: 1, message: '' } });
    if (fault === 'end_early') return this.#end();
    if (fault === 'endless') this.#endless();
    if (fault === 'empty_messages') for (let i = 0; i < 5; i++) this.#write({});
  }

  #hear(durationMs: number): void {
    this.#heardMs += durationMs;
    this.#partMs += durationMs;
    if (this.#fault === 'hang' || this.#fault === 'empty_messages' || this.#fault === 'endless') return;
    const part = this.#parts[this.#part];
    if (part === undefined) return;
    const words = part.raw.split(' ');
    const count = Math.min(words.length, Math.floor(this.#partMs / (this.#fake.wordMs ?? 200)));
    if (count === this.#words) return;
    this.#words = count;
    this.#write({ partial: { alternatives: [{ text: words.slice(0, count).join(' ') }] } });
    this.#midway();
    // All parts but the last the server ends by itself.
    if (!this.#isOver && count === words.length && this.#part < this.#parts.length - 1) this.#endPart();
  }

  #midway(): void {
    const fault = this.#fault;
    if (fault === 'hang_midway') this.stop();
    if (fault === 'garbage_midway') this.#call.write(GARBAGE);
    if (typeof fault === 'object' && fault.midway === true) this.#fail(fault.status, fault.details, fault.pushbackMs);
  }

  #endPart(): void {
    if (this.#fault === 'hang' || this.#fault === 'empty_messages' || this.#fault === 'endless') return;
    const part = this.#parts[this.#part++];
    if (part === undefined) return;
    const finalIndex = this.#finals++;
    this.#partMs = 0;
    this.#words = 0;
    this.#write({ final: { alternatives: [{ text: part.raw }] } }, finalIndex);
    if (this.options?.recognitionModel?.textNormalization?.textNormalization === Normalization.TEXT_NORMALIZATION_ENABLED) {
      this.#write({ finalRefinement: { finalIndex, normalizedText: { alternatives: [{ text: part.refined }] } } }, finalIndex);
    }
    this.#write({ eouUpdate: { timeMs: Math.round(this.#heardMs) } }, finalIndex);
  }

  #finish(): void {
    this.#note('end');
    if (this.#isOver || this.#fault === 'hang' || this.#fault === 'endless') return;
    if (this.#part < this.#parts.length) this.#endPart();
    this.#write({ partial: { alternatives: [] } });
    this.#write({ statusCode: { codeType: 3, message: '' } });
    this.#end();
  }

  #write(event: DeepPartial<StreamingResponse>, finalIndex = Math.max(0, this.#finals - 1)): void {
    if (this.#isOver) return;
    this.#call.write(StreamingResponse.fromPartial({ sessionUuid: { uuid: 'fake' }, audioCursors: { receivedDataMs: Math.round(this.#heardMs), finalIndex }, channelTag: '0', ...event }));
  }

  #endless(): void {
    let count = 0;
    const more = (): void => {
      while (!this.#isOver) {
        if (!this.#call.write(StreamingResponse.fromPartial({ partial: { alternatives: [{ text: `слово ${count++}` }] } }))) return void this.#call.once('drain', more);
      }
    };
    more();
  }

  #fail(code: Status, details?: string, pushbackMs?: number): void {
    this.stop();
    fail(this.#call, code, details, pushbackMs);
  }

  #end(): void {
    this.stop();
    this.#call.end();
  }

  #rearm(): void {
    this.#timer?.cancel();
    const { clock } = this.#fake;
    this.#timer = clock?.at(monotonicMs(clock.nowMs() + INACTIVITY_MS), () => this.#fail(Status.ABORTED, 'no audio for 5 s'));
  }
}
