import { afterEach } from 'vitest';
import { monotonicMs } from '../../../../voice-node/domain/time.js';
import { systemClock } from '../../../../voice-node/platform/clock.js';
import { YandexStt, type YandexSttOptions } from '../../../../voice-node/providers/stt/yandex.js';
import { startSpeechKit, type SpeechKitFake } from '../../../support/fakes/speechkit.js';
import type { SpeechKitOptions } from '../../../support/fakes/speechkit-script.js';
import { startWire, type Wire, type WireFault } from '../../../support/fakes/speechkit-wire.js';
import { Feed, KEY } from '../net/asking.js';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

export async function fake(options: SpeechKitOptions = {}): Promise<SpeechKitFake> {
  const server = await startSpeechKit({ apiKey: KEY, ...options });
  closing.push(() => server.close());
  return server;
}

export async function wire(server: SpeechKitFake, fault: WireFault = 'none'): Promise<Wire> {
  const front = await startWire(server.port, fault);
  closing.push(() => front.close());
  return front;
}

export function stt(address: string, options: Partial<YandexSttOptions> = {}): YandexStt {
  const provider = new YandexStt({ apiKey: KEY, address, insecure: true, clock: systemClock, ...options });
  closing.push(() => provider.close());
  return provider;
}

export const spoken = (ms = 700): Feed => new Feed().speak(ms).end();

export const systemDelay = (ms: number): Promise<void> => new Promise((resolve) => void systemClock.at(monotonicMs(systemClock.nowMs() + ms), resolve));

export async function closed(front: Wire): Promise<void> {
  while (front.open > 0) await systemDelay(5);
}
