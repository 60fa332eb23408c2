import { afterEach } from 'vitest';
import { systemClock } from '../../../../voice-node/platform/clock.js';
import { ElevenLabsTts, type ElevenLabsOptions } from '../../../../voice-node/providers/tts/elevenlabs.js';
import { startElevenLabs, type ElevenLabsFake, type ElevenLabsOptions as FakeOptions } from '../../../support/fakes/elevenlabs.js';
import { KEY } from '../net/asking.js';

export const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A quarter of a second in which no two samples are alike. */
export const SAMPLES = Int16Array.from({ length: 6000 }, (_, i) => i * 3 - 9000);

export async function fake(options: FakeOptions = {}): Promise<ElevenLabsFake> {
  const server = await startElevenLabs({ apiKey: KEY, samples: SAMPLES, ...options });
  closing.push(() => server.close());
  return server;
}

export function tts(baseUrl: string, options: Partial<ElevenLabsOptions> = {}): ElevenLabsTts {
  const provider = new ElevenLabsTts({ apiKey: KEY, voice: 'voice/1', baseUrl, clock: systemClock, ...options });
  closing.push(() => provider.close());
  return provider;
}
