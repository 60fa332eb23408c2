import { describe, expect, it } from 'vitest';
import type { Audio } from '../../../../voice-node/domain/audio.js';
import type { PhraseStore, SpeakRequest, TextToSpeech } from '../../../../voice-node/domain/tts.js';
import { CachedVoice } from '../../../../voice-node/providers/tts/cached.js';

function rig(known: readonly string[] = []) {
  const kept = new Map<string, Audio>();
  const store: PhraseStore = {
    get: (key) => Promise.resolve(kept.get(key)),
    put: (key, audio) => Promise.resolve(void kept.set(key, audio)),
  };
  const said: unknown[] = [];
  const voice: TextToSpeech = {
    vendor: 'flite',
    voiceKey: 'flite slt',
    takesStream: false,
    async *speak({ text }) {
      said.push(text);
      yield await Promise.resolve({ samples: Int16Array.of(1, 2, 3), rateHz: 16_000 });
      yield { samples: Int16Array.of(4), rateHz: 16_000 };
    },
  };
  const cached = new CachedVoice(voice, store, known);
  const controller = new AbortController();
  const request = (text: string, language = 'en-US'): SpeakRequest => ({ text, language, signal: controller.signal, connected: () => undefined, used: () => undefined });
  const speak = async (text: string, language?: string): Promise<number[]> => {
    const samples: number[] = [];
    for await (const piece of cached.speak(request(text, language))) samples.push(...piece.samples);
    return samples;
  };
  return { cached, kept, said, speak, request, controller };
}

describe('a voice that keeps what it says again', () => {
  it('synthesises a known phrase once, whatever the blanks around it', async () => {
    const { speak, said } = rig(['Good day! ']);
    for (const text of ['Good day!', ' Good day!', 'Good day! ']) expect(await speak(text)).toEqual([1, 2, 3, 4]);
    expect(said).toHaveLength(1);
  });

  it('keeps any other one only when it is said for the second time', async () => {
    const { speak, said, kept } = rig();
    await speak('Your balance is 12.');
    expect(kept.size).toBe(0);
    await speak('Your balance is 12.');
    expect(kept.size).toBe(1);
    await speak('Your balance is 12.');
    expect(said).toHaveLength(2);
  });

  it('does not take one language for another', async () => {
    const { speak, said } = rig(['no']);
    await speak('no', 'en-US');
    await speak('no', 'it-IT');
    expect(said).toHaveLength(2);
  });

  it('keeps no half phrase: neither of a stream that was stopped nor of one that was left', async () => {
    const { cached, kept, request, controller } = rig(['hello']);
    for await (const piece of cached.speak(request('hello'))) {
      expect(piece.samples.length).toBeGreaterThan(0);
      break;
    }
    for await (const piece of cached.speak(request('hello'))) {
      expect(piece.samples.length).toBeGreaterThan(0);
      controller.abort();
    }
    expect(kept.size).toBe(0);
  });

  it('leaves long texts and texts still being written alone', async () => {
    const { cached, said, speak, kept, request } = rig();
    const long = 'word '.repeat(100);
    await speak(long);
    await speak(long);
    const stream = { ...request(''), text: (async function* () { yield await Promise.resolve('a'); })() };
    for await (const piece of cached.speak(stream)) expect(piece.rateHz).toBe(16_000);
    expect(said).toHaveLength(3);
    expect(kept.size).toBe(0);
  });
});
