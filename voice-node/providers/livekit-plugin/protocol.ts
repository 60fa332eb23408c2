import type { ChatMessage } from '../../domain/llm.js';
import type { ToolSpec } from '../../domain/tools.js';

/**
 * What the node and the process of the plugins say to each other, over the IPC channel of `fork` with
 * serialization `advanced` (structured clone). The other end is sidecars/livekit-plugins/host.mjs.
 *
 *     node   open ─▶ push* ─▶ finish          ack (so many results were taken)   abort (nobody wants more)
 *     child      ◀─ opened ◀─ item* ◀─ end | error
 *
 * The child sends at most `WINDOW` results that were not acknowledged.
 */
export const WINDOW = 64;

export type PluginKind = 'stt' | 'llm' | 'tts';

/** Which object of which plugin. Equal ones share it. */
export interface PluginSpec {
  readonly kind: PluginKind;
  /** As in `@livekit/agents-plugin-<plugin>`. */
  readonly plugin: string;
  /** For the constructor. */
  readonly options: Readonly<Record<string, unknown>>;
}

export interface AudioPiece {
  readonly samples: Int16Array;
  readonly rateHz: number;
}

export type OpenBody = { readonly rateHz: number } | { readonly messages: readonly ChatMessage[]; readonly tools: readonly ToolSpec[] } | Readonly<Record<string, never>>;

export type ToChild =
  | { readonly t: 'ping' }
  | ({ readonly t: 'warm' } & PluginSpec)
  | ({ readonly t: 'open'; readonly id: number; readonly body: OpenBody } & PluginSpec)
  | { readonly t: 'push'; readonly id: number; readonly item: AudioPiece | string }
  | { readonly t: 'finish' | 'abort'; readonly id: number }
  | { readonly t: 'ack'; readonly id: number; readonly count: number };

/** What went wrong in the child: identifiers and statuses, never the words of a message. */
export interface Fault {
  /**
   * `provider`: the other side or the way there; `missing`: not installed; `lacks`: the plugin has no such thing;
   * `options`: the constructor refused them; `overflow`: more came than there is room for; `early`: the stream
   * ended before it should have, without an error.
   */
  readonly kind: 'provider' | 'missing' | 'lacks' | 'options' | 'overflow' | 'early';
  readonly name?: string | undefined;
  readonly status?: number | undefined;
  readonly code?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  /** What came could not be read. */
  readonly garbled?: boolean | undefined;
  /** Of `options`: a key is missing or has no form of one. */
  readonly auth?: boolean | undefined;
  readonly detail?: string | undefined;
}

export type FromChild =
  | { readonly t: 'ready' | 'pong' }
  | { readonly t: 'fatal'; readonly fault: Fault }
  | { readonly t: 'opened'; readonly id: number; readonly rateHz?: number }
  | { readonly t: 'item'; readonly id: number; readonly item: unknown }
  | { readonly t: 'end'; readonly id: number }
  | { readonly t: 'error'; readonly id: number; readonly fault: Fault };

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;

/** What a plugin itself may have sent by `process.send` is none of our messages. */
export function isFromChild(value: unknown): value is FromChild {
  if (!isObject(value)) return false;
  switch (value.t) {
    case 'ready':
    case 'pong':
      return true;
    case 'fatal':
      return isObject(value.fault);
    case 'opened':
    case 'item':
    case 'end':
      return typeof value.id === 'number';
    case 'error':
      return typeof value.id === 'number' && isObject(value.fault);
    default:
      return false;
  }
}

/** One result of `stt`: all that has been understood. */
export const isTranscript = (value: unknown): value is { readonly text: string; readonly final: boolean } =>
  isObject(value) && typeof value.text === 'string' && typeof value.final === 'boolean';

export type LlmItem =
  | { readonly type: 'text'; readonly delta: string }
  | { readonly type: 'tool_call'; readonly id: string; readonly name: string; readonly arguments: string }
  | { readonly type: 'usage'; readonly inputTokens: number; readonly outputTokens: number };

/** One result of `llm`. */
export function isLlmItem(value: unknown): value is LlmItem {
  if (!isObject(value)) return false;
  if (value.type === 'text') return typeof value.delta === 'string';
  if (value.type === 'tool_call') return [value.id, value.name, value.arguments].every((part) => typeof part === 'string');
  return value.type === 'usage' && Number.isFinite(value.inputTokens) && Number.isFinite(value.outputTokens);
}

/** One result of `tts`. */
export const isAudioPiece = (value: unknown): value is AudioPiece =>
  isObject(value) && value.samples instanceof Int16Array && typeof value.rateHz === 'number' && value.rateHz >= 8000 && value.rateHz <= 48_000;
