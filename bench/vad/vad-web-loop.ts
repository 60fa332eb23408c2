import { readFileSync } from 'node:fs';
import * as ort from 'onnxruntime-node';
import { createFloatResampler } from '../../voice-node/dsp/resampler.js';
import type { Contender } from './contenders.js';
import { MODEL_PATH } from './onnx-net.js';

/** What is used of vad-web's own files; its entry point wants a browser. */
interface VadWebModel {
  process(frame: Float32Array): Promise<{ isSpeech: number }>;
  reset_state(): void;
}
interface SileroModule {
  readonly Silero: { new: (runtime: object, fetch: () => Promise<ArrayBuffer>) => Promise<VadWebModel> };
}
interface LoggingModule {
  readonly log: { debug: (...args: unknown[]) => void };
}
interface FrameProcessorModule {
  readonly FrameProcessor: new (process: VadWebModel['process'], reset: () => void, options: object, msPerFrame: number) => {
    resume(): void;
    process(frame: Float32Array, handle: (event: object) => void): Promise<void>;
  };
  readonly defaultFrameProcessorOptions: object;
}

const WINDOW_SAMPLES = 512;
/** With the default of a thread for each core the threads of its many sessions wait for one another: 3 ms a frame at 16 calls. */
const ONE_THREAD = { interOpNumThreads: 1, intraOpNumThreads: 1 };
const runtime = { ...ort, InferenceSession: { create: (bytes: ArrayBuffer) => ort.InferenceSession.create(bytes, ONE_THREAD) } };

/**
 * @ricky0123/vad-web's own model class and frame processor, on the native runtime instead of its WebAssembly one (the
 * cheaper for it) with one thread, otherwise with its default settings. A session for each call, as its API has it. Its resampler refuses 8 kHz,
 * so ours goes in front.
 */
export const vadWeb = (require: NodeJS.Require): Contender => ({
  name: "@ricky0123/vad-web's loop, onnxruntime-node",
  load() {
    const { Silero } = require('@ricky0123/vad-web/dist/models/silero.js') as SileroModule;
    const { FrameProcessor, defaultFrameProcessorOptions } = require('@ricky0123/vad-web/dist/frame-processor.js') as FrameProcessorModule;
    (require('@ricky0123/vad-web/dist/logging.js') as LoggingModule).log.debug = () => undefined;
    const bytes = readFileSync(MODEL_PATH);
    const fetch = (): Promise<ArrayBuffer> => Promise.resolve(Uint8Array.from(bytes).buffer);
    return Promise.resolve({
      open() {
        let last = 0;
        const ready = Silero.new(runtime, fetch).then((model) => {
          const processor = new FrameProcessor(
            async (frame) => {
              const answer = await model.process(frame);
              last = answer.isSpeech;
              return answer;
            },
            () => model.reset_state(),
            defaultFrameProcessorOptions,
            32,
          );
          processor.resume();
          return processor;
        });
        const upsampler = createFloatResampler({ fromHz: 8000, toHz: 16_000 });
        const narrow = new Float32Array(160);
        const up = new Float32Array(upsampler.maxOutputSamples(160));
        const pending = new Float32Array(WINDOW_SAMPLES + 320);
        let filled = 0;
        return {
          async push(frame) {
            for (let i = 0; i < narrow.length; i++) narrow[i] = (frame[i] as number) / 32768;
            upsampler.processInto(narrow, up);
            pending.set(up.subarray(0, 320), filled);
            filled += 320;
            if (filled < WINDOW_SAMPLES) return last;
            const window = pending.slice(0, WINDOW_SAMPLES);
            pending.copyWithin(0, WINDOW_SAMPLES);
            filled -= WINDOW_SAMPLES;
            await (await ready).process(window, () => undefined);
            return last;
          },
        };
      },
      close: () => undefined,
    });
  },
});
