import { Metadata, type ServerDuplexStream, type ServerWritableStream, type status as Status } from '@grpc/grpc-js';
import { StreamingResponse, type StreamingOptions, type StreamingRequest } from '@yandex-cloud/nodejs-sdk/dist/generated/yandex/cloud/ai/stt/v3/stt.js';
import type { UtteranceSynthesisRequest, UtteranceSynthesisResponse } from '@yandex-cloud/nodejs-sdk/dist/generated/yandex/cloud/ai/tts/v3/tts.js';
import type { Clock } from '../../../voice-node/domain/clock.js';

/** What goes wrong. Faults below gRPC are those of speechkit-wire.ts. */
export type SpeechKitFault =
  | 'none'
  /** Takes the call and says nothing more: at once, or after the first result. */
  | 'hang'
  | 'hang_midway'
  /** Fails with a gRPC status: at once, or after the first result. */
  | { readonly status: Status; readonly midway?: boolean; readonly details?: string; readonly pushbackMs?: number }
  /** OK, but long before its time. */
  | 'end_early'
  /** Results without end. */
  | 'endless'
  /** A message whose bytes are no message; at once, or after the first result. */
  | 'garbage'
  | 'garbage_midway'
  /** Messages that are well-formed and say nothing. */
  | 'empty_messages';

export interface SttSession {
  readonly options: StreamingOptions | undefined;
  readonly metadata: Metadata;
  /** What came after the options, in order: `chunk` (with its bytes), `silence`, `eou`, `end` (half-close), `cancelled`. */
  readonly events: readonly { readonly type: 'chunk' | 'silence' | 'eou' | 'end' | 'cancelled'; readonly bytes: number; readonly durationMs: number }[];
  readonly pcm: Buffer;
}

export interface TtsCall {
  readonly request: UtteranceSynthesisRequest;
  readonly metadata: Metadata;
  readonly cancelled: boolean;
}

export interface SpeechKitOptions {
  readonly apiKey?: string;
  /** What the recogniser writes down: parts of one utterance, each ended by the server's own decision but the last. */
  readonly parts?: readonly { readonly raw: string; readonly refined: string }[];
  /** Audio per word that is recognised. */
  readonly wordMs?: number;
  /** What the voice says, at the rate it was asked for; the same for every text, or made of it. */
  readonly samples?: Int16Array | ((text: string, rateHz: number) => Int16Array);
  readonly chunkBytes?: number;
  readonly fault?: SpeechKitFault;
  /** For the rule that closes a session which hears nothing for 5 s. Without it there is no such rule. */
  readonly clock?: Clock;
}

export type Duplex = ServerDuplexStream<StreamingRequest, StreamingResponse>;
export type Writable = ServerWritableStream<UtteranceSynthesisRequest, UtteranceSynthesisResponse>;
/** Sent as the bytes it consists of rather than as a message. */
export const GARBAGE = Object.assign(StreamingResponse.fromPartial({}), { garbage: true });
export const GARBAGE_BYTES = Buffer.from([0x22, 0x7f, 0xff, 0xff]);

export const isAllowed = (metadata: Metadata, { apiKey }: SpeechKitOptions): boolean => apiKey === undefined || metadata.get('authorization')[0] === `Api-Key ${apiKey}`;

export function fail(call: Duplex | Writable, code: Status, details = 'refused', pushbackMs?: number): void {
  const metadata = new Metadata();
  if (pushbackMs !== undefined) metadata.set('grpc-retry-pushback-ms', String(pushbackMs));
  call.emit('error', Object.assign(new Error(details), { code, details, metadata }));
}

