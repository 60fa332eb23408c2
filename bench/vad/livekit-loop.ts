import { AudioFrame, AudioResampler, AudioResamplerQuality } from '@livekit/rtc-node';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Contender } from './contenders.js';
import { MODEL_PATH } from './onnx-net.js';

const WINDOW_SAMPLES = 512;
const CONTEXT_SAMPLES = 64;
const RATE_HZ = 16_000;
const SMOOTHING = 0.35;

/**
 * The inner loop of LiveKit's agents-plugin-silero written anew from its description, without its streams and events:
 * rtc-node's resampler (QUICK) to 16 kHz, frames merged by spreading, samples converted by Float32Array.from, new
 * tensors and an awaited run for each window, exponential smoothing. One session of one thread for all calls. So it
 * is a lower bound.
 */
export const liveKit: Contender = {
  name: "LiveKit's Silero plugin, its loop written anew",
  async load() {
    const session = await InferenceSession.create(MODEL_PATH, { interOpNumThreads: 1, intraOpNumThreads: 1, executionMode: 'sequential' });
    return { open: () => new LiveKitLoop(session), close: () => void session.release() };
  },
};

class LiveKitLoop {
  private readonly session: InferenceSession;
  private readonly resampler = new AudioResampler(8000, RATE_HZ, 1, AudioResamplerQuality.QUICK);
  private readonly input = new Float32Array(CONTEXT_SAMPLES + WINDOW_SAMPLES);
  private state = new Float32Array(256);
  private inputFrames: AudioFrame[] = [];
  private inferenceFrames: AudioFrame[] = [];
  private smoothed: number | undefined;

  constructor(session: InferenceSession) {
    this.session = session;
  }

  async push(samples: Int16Array): Promise<number> {
    const frame = new AudioFrame(samples, 8000, 1, samples.length);
    this.inputFrames.push(frame);
    this.inferenceFrames.push(...this.resampler.push(frame));
    while (this.inferenceFrames.reduce((sum, each) => sum + each.samplesPerChannel, 0) >= WINDOW_SAMPLES) await this.window();
    return this.smoothed ?? 0;
  }

  private async window(): Promise<void> {
    merged(this.inputFrames);
    const inference = merged(this.inferenceFrames);
    const window = Float32Array.from(inference.subarray(0, WINDOW_SAMPLES), (x) => x / 32767);
    const p = await this.infer(window);
    this.smoothed = this.smoothed === undefined ? p : SMOOTHING * p + (1 - SMOOTHING) * this.smoothed;
    this.inputFrames = [];
    const rest = inference.subarray(WINDOW_SAMPLES);
    this.inferenceFrames = rest.length > 0 ? [new AudioFrame(rest, RATE_HZ, 1, rest.length)] : [];
  }

  private async infer(window: Float32Array): Promise<number> {
    this.input.copyWithin(0, WINDOW_SAMPLES);
    this.input.set(window, CONTEXT_SAMPLES);
    const { output, stateN } = await this.session.run({
      input: new Tensor('float32', this.input, [1, this.input.length]),
      state: new Tensor('float32', this.state, [2, 1, 128]),
      sr: new Tensor('int64', BigInt64Array.of(BigInt(RATE_HZ))),
    });
    this.state = stateN?.data as Float32Array<ArrayBuffer>;
    return (output?.data as Float32Array)[0] as number;
  }
}

/** As in agents-js: each frame's samples are spread behind those of the ones before. */
function merged(frames: readonly AudioFrame[]): Int16Array {
  return frames.reduce((all, { data }) => new Int16Array([...all, ...data]), new Int16Array(0));
}
