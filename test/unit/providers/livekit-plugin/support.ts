import { fileURLToPath } from 'node:url';
import type { CallRateHz } from '../../../../voice-node/domain/audio.js';
import type { ProviderRequest, UsageUnit } from '../../../../voice-node/domain/provider.js';
import type { SpeechFeed, TranscribeRequest } from '../../../../voice-node/domain/stt.js';

export const HOST_PROGRAM = fileURLToPath(new URL('../../../../sidecars/livekit-plugins/host.mjs', import.meta.url));
export const FAKE_DIR = fileURLToPath(new URL('./fake', import.meta.url));

export interface Recorded extends ProviderRequest {
  readonly abort: () => void;
  readonly costs: Map<UsageUnit, number>;
  readonly state: { connected: number };
}

export function request(): Recorded {
  const controller = new AbortController();
  const costs = new Map<UsageUnit, number>();
  const state = { connected: 0 };
  return {
    signal: controller.signal,
    connected: () => void state.connected++,
    used: (unit, amount) => void costs.set(unit, (costs.get(unit) ?? 0) + amount),
    abort: () => controller.abort(),
    costs,
    state,
  };
}

/** An utterance of `frames` pieces of 20 ms; `until`: resolves before its end is reached. */
export function speech(frames: number, rateHz: CallRateHz = 8000, until: Promise<void> = Promise.resolve()): SpeechFeed {
  return {
    rateHz,
    ended: until,
    async *[Symbol.asyncIterator]() {
      for (let i = 0; i < frames; i++) yield new Int16Array(rateHz / 50).fill(100);
      await until;
    },
  };
}

export const utterance = (more: Partial<TranscribeRequest> = {}): Recorded & TranscribeRequest => ({ ...request(), speech: speech(50), language: 'en-US', ...more });

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** What was thrown; a test that expects an error fails where there is none. */
export async function thrownBy(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('expected an error, there was none');
}
