import type { Clock } from '../../domain/clock.js';
import type { ProviderLimits, Vendor } from '../../domain/provider.js';
import type { RealtimeListener, RealtimeModel, RealtimeOptions, RealtimeSession } from '../../domain/realtime.js';
import { OpenAiRealtimeSession, type RealtimeMeter } from './session.js';
import type { ConnectSocket } from './socket.js';
import { addressOf, type RealtimeVendorOptions } from './vendors.js';
import { connectWebSocket } from './ws-socket.js';

/** A model thinks for seconds now and then, and speaks without stopping. */
export const DEFAULT_LIMITS: ProviderLimits = { connectMs: 5000, firstMs: 10_000, gapMs: 5000, totalMs: 120_000 };

/** What vendors allow (OpenAI and Azure 60 minutes, Yandex 5), less what an answer under way may still need. */
export const SESSION_MAX_MS: Readonly<Record<RealtimeVendorOptions['vendor'], number>> = {
  openai: 55 * 60_000,
  azure: 55 * 60_000,
  yandex: 4.5 * 60_000,
};

export interface RealtimeModelOptions {
  readonly vendor: RealtimeVendorOptions;
  readonly clock: Clock;
  readonly meter: RealtimeMeter;
  readonly limits?: Partial<ProviderLimits> | undefined;
  /** How long a session may last, in ms. Default `SESSION_MAX_MS`. */
  readonly sessionMaxMs?: number | undefined;
  /** Default: a WebSocket. */
  readonly connect?: ConnectSocket | undefined;
}

/** OpenAI Realtime, and what speaks the same protocol: Azure OpenAI, Yandex, servers of one's own. */
export class OpenAiRealtime implements RealtimeModel {
  readonly vendor: Vendor;
  readonly turns: 'server' | 'node';
  readonly silenceMs: number;
  readonly interrupts: boolean;
  readonly sessionMaxMs: number;
  readonly limits: ProviderLimits;
  readonly #options: RealtimeModelOptions;

  /** Throws VoiceNodeError `config_invalid` for a base URL that is none. */
  constructor(options: RealtimeModelOptions) {
    const { vendor, limits = {}, sessionMaxMs } = options;
    addressOf(vendor);
    this.#options = options;
    this.vendor = vendor.vendor;
    this.turns = vendor.turnDetection.type === 'node' ? 'node' : 'server';
    this.silenceMs = vendor.turnDetection.type === 'node' ? 0 : vendor.turnDetection.silenceDurationMs;
    this.interrupts = vendor.interruptResponse;
    this.sessionMaxMs = sessionMaxMs ?? SESSION_MAX_MS[vendor.vendor];
    this.limits = { ...DEFAULT_LIMITS, ...limits };
  }

  open(options: RealtimeOptions, listener: RealtimeListener): RealtimeSession {
    const { vendor, clock, meter, connect = connectWebSocket } = this.#options;
    return new OpenAiRealtimeSession({ vendor, limits: this.limits, clock, connect, meter }, options, listener);
  }
}
