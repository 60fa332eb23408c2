import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ROOT } from '../../../../voice-node/config.js';
import type { CallRateHz } from '../../../../voice-node/domain/audio.js';
import { systemClock } from '../../../../voice-node/platform/clock.js';
import { Sherpa } from '../../../../voice-node/providers/stt/sherpa.js';
import { LiveFeed, spokenFeed, writeDown } from '../../../support/speech-feed.js';
import { toneModel } from '../../../support/tone-models.js';

const script = join(ROOT, 'sidecars/sherpa.mjs');
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

function recogniser(kind: 'online' | 'offline'): Sherpa {
  const modelDir = toneModel(kind);
  const stt = new Sherpa({ modelDir, script, node: process.execPath, clock: systemClock });
  closing.push(() => {
    stt.close();
    rmSync(modelDir, { recursive: true });
  });
  return stt;
}

/** Tones of 300 ms with 200 ms of silence after each. */
function tones(frequencies: readonly number[], rateHz: CallRateHz): Int16Array {
  const samples = new Int16Array(frequencies.length * 0.5 * rateHz);
  frequencies.forEach((frequency, tone) => {
    for (let i = 0; i < 0.3 * rateHz; i++) samples[tone * 0.5 * rateHz + i] = Math.round(8000 * Math.sin((2 * Math.PI * frequency * i) / rateHz));
  });
  return samples;
}

describe('sherpa-onnx, the native module, with a model that knows two tones', () => {
  for (const kind of ['online', 'offline'] as const) {
    for (const rateHz of [8000, 16_000] as const) {
      it(`writes down what it hears: ${kind} at ${rateHz} Hz`, async () => {
        const stt = recogniser(kind);
        const heard = await writeDown(stt, spokenFeed(tones([1000, 3000, 1000], rateHz), rateHz));
        expect(heard.transcripts.at(-1)).toEqual({ text: 'low high low', final: true });
        expect(heard.transcripts.filter(({ final }) => final)).toHaveLength(1);
        expect(heard.connected).toBe(true);
        expect(heard.audioSeconds).toBeCloseTo(1.5, 5);
        // The same process again, without a memory of what was.
        const again = await writeDown(stt, spokenFeed(tones([3000], rateHz), rateHz));
        expect(again.transcripts.at(-1)?.text).toBe('high');
        expect(stt.processes).toBe(1);
      });
    }
  }

  it('tells a streaming model\'s partial results while the caller speaks', async () => {
    const stt = recogniser('online');
    const feed = new LiveFeed(16_000);
    const told: string[] = [];
    feed.push(tones([1000], 16_000));
    for await (const { text, final } of stt.transcribe({ speech: feed, language: 'en-US', signal: new AbortController().signal, connected: () => undefined, used: () => undefined })) {
      told.push(`${final ? 'final' : 'partial'} ${text}`);
      if (told.length === 1) feed.push(tones([3000], 16_000));
      else feed.end();
    }
    expect(told).toEqual(['partial low', 'partial low high', 'final low high']);
  });

  it('has nothing to say to silence, and to no audio at all', async () => {
    for (const kind of ['online', 'offline'] as const) {
      const stt = recogniser(kind);
      expect((await writeDown(stt, spokenFeed(new Int16Array(8000), 8000))).transcripts.at(-1)).toEqual({ text: '', final: true });
      expect((await writeDown(stt, spokenFeed(new Int16Array(0), 8000))).transcripts.at(-1)).toEqual({ text: '', final: true });
    }
  });
});
