import { createRequire } from 'node:module';

import libsamplerateModule from '@alexanderolsen/libsamplerate-js';
import { AudioFrame, AudioResampler, AudioResamplerQuality } from '@livekit/rtc-node';
import speex from 'speex-resampler';

import type * as waveResampler from 'wave-resampler';

import type { Contender, Stream } from './contenders.js';

// Its types speak of an ES module, what Node loads is CommonJS without named exports.
const { resample } = createRequire(import.meta.url)('wave-resampler') as typeof waveResampler;

const QUALITIES = ['QUICK', 'LOW', 'MEDIUM', 'HIGH', 'VERY_HIGH'] as const;

/** rtc-node's resampler: soxr behind an FFI, int16 only. A push returns any number of frames. */
const livekit: readonly Contender[] = QUALITIES.map((quality) => ({
  name: `rtc-node ${quality}`,
  ours: false,
  formats: ['s16'],
  streaming: true,
  open: async (fromHz, toHz) => {
    const resampler = new AudioResampler(fromHz, toHz, 1, AudioResamplerQuality[quality]);
    const stream: Stream = {
      output: new Int16Array(0),
      push: (input) => {
        // A frame over a view would be read from the beginning of its buffer.
        const whole = (input.byteLength === input.buffer.byteLength ? input : input.slice()) as Int16Array;
        const frames = resampler.push(new AudioFrame(whole, fromHz, 1, whole.length));
        if (frames.length === 1) stream.output = (frames[0] as AudioFrame).data;
        else stream.output = Int16Array.from(frames.flatMap((frame) => [...frame.data]));
        return stream.output.length;
      },
      close: () => resampler.close?.(),
    };
    return stream;
  },
}));

/** wave-resampler knows no streams: each frame is a file of its own, filtered in place. */
const wave: readonly Contender[] = (['cubic', 'sinc', 'linear', 'point'] as const).map((method) => ({
  name: `wave-resampler ${method}`,
  ours: false,
  formats: ['f32', 's16'],
  streaming: false,
  open: async (fromHz, toHz, format) => {
    let copy = new Float64Array(0);
    const stream: Stream = {
      output: new Float64Array(0),
      push: (input) => {
        if (copy.length !== input.length) copy = new Float64Array(input.length);
        copy.set(input);
        const out = resample(copy, fromHz, toHz, { method });
        // Its Float64Array is converted as its own documentation does it, by a typed array: int16 wraps.
        stream.output = format === 's16' ? Int16Array.from(out) : out;
        return stream.output.length;
      },
    };
    return stream;
  },
}));

const { create: createSampleRate } = libsamplerateModule;
const CONVERTERS = { best: 0, medium: 1, fastest: 2 } as const;

const libsamplerate: readonly Contender[] = (['fastest', 'medium', 'best'] as const).map((name) => ({
  name: `libsamplerate wasm ${name}`,
  ours: false,
  formats: ['f32'],
  streaming: true,
  open: async (fromHz, toHz) => {
    const source = await createSampleRate(1, fromHz, toHz, { converterType: CONVERTERS[name] });
    const output = new Float32Array(toHz);
    const written = { frames: 0 };
    return {
      output,
      push: (input) => {
        source.full(input as Float32Array, output, written);
        return written.frames;
      },
      close: () => source.destroy(),
    };
  },
}));

const SpeexResampler = speex.default;

const speexes: readonly Contender[] = [3, 5, 7, 10].map((quality) => ({
  name: `speex wasm q${quality}`,
  ours: false,
  formats: ['s16'],
  streaming: true,
  open: async (fromHz, toHz) => {
    await SpeexResampler.initPromise;
    const resampler = new SpeexResampler(1, fromHz, toHz, quality);
    const stream: Stream = {
      output: new Int16Array(0),
      push: (input) => {
        const bytes = resampler.processChunk(Buffer.from(input.buffer, input.byteOffset, input.byteLength));
        stream.output = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
        return stream.output.length;
      },
    };
    return stream;
  },
}));

export const PEERS: readonly Contender[] = [...livekit, ...speexes, ...libsamplerate, ...wave];
