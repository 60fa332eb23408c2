import { messageOf } from '../../domain/errors.js';
import { LOG_MEL_RATE_HZ, LogMel, MEL_BANDS } from '../../dsp/log-mel.js';
import { createFloatResampler } from '../../dsp/resampler.js';
import type { Answer, Question, Setup } from './onnx-messages.js';

/*
 * The process in which an end-of-turn model runs: its input takes 5 to 20 ms to compute and the net 10 to 100, which no
 * call may wait for. Not a thread: ONNX Runtime's module loads once in a process, so that a thread that died could not be
 * replaced, and where it crashes the calls would go with it.
 *
 * The contract is that of smart-turn v3 (pipecat-ai/smart-turn, inference.py): one input of [1, 80, 800], the mel
 * spectrogram of the last 8 s at 16 kHz with silence before what is shorter; the first output holds one number, the
 * probability that the turn is complete.
 */

/** As much of ONNX Runtime's interface as is used: the package need not be installed. */
interface Runtime {
  readonly InferenceSession: { create(file: string, options: object): Promise<Session> };
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => object;
}
interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputMetadata?: readonly { readonly shape?: readonly (number | string)[] }[];
  run(feeds: Record<string, object>): Promise<Record<string, { readonly data: ArrayLike<number> }>>;
}

const SECONDS = 8;
const INT16_FULL_SCALE = 32768;

const mel = new LogMel(SECONDS);
const features = new Float32Array(MEL_BANDS * mel.frames);

async function open({ file, engine, threads }: Setup): Promise<(question: Question) => Promise<number>> {
  const runtime = (await import(engine).catch((error: unknown) => {
    throw new Error(`expected the package ${engine}, which runs the model, to be installed (npm install ${engine}): ${messageOf(error)}`);
  })) as Runtime & { readonly default?: Runtime };
  const { InferenceSession, Tensor } = runtime.default ?? runtime;
  const session = await InferenceSession.create(file, { intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: 'sequential', graphOptimizationLevel: 'all' });
  const [input, output] = [session.inputNames[0], session.outputNames[0]];
  const shape = session.inputMetadata?.[0]?.shape;
  if (input === undefined || output === undefined || session.inputNames.length !== 1 || (shape !== undefined && !fits(shape))) {
    throw new Error(`expected one input of [1, ${MEL_BANDS}, ${mel.frames}] (smart-turn v3), got ${session.inputNames.join(', ')} ${JSON.stringify(shape ?? 'of an unknown shape')}`);
  }
  const answer = async ({ samples, rateHz }: Omit<Question, 'id'>): Promise<number> => {
    mel.process(at16kHz(samples, rateHz), features);
    const data = (await session.run({ [input]: new Tensor('float32', features, [1, MEL_BANDS, mel.frames]) }))[output]?.data;
    const probability = Number(data?.[0]);
    if (data?.length !== 1 || !(probability >= 0 && probability <= 1)) throw new Error(`expected one probability, 0 to 1, got ${data?.length ?? 0} numbers beginning with ${String(data?.[0])}`);
    return probability;
  };
  // The first run is the slowest, and tells a model of another kind.
  await answer({ samples: new Int16Array(SECONDS * LOG_MEL_RATE_HZ), rateHz: LOG_MEL_RATE_HZ });
  return answer;
}

const fits = (shape: readonly (number | string)[]): boolean =>
  shape.length === 3 && [1, MEL_BANDS, mel.frames].every((size, i) => typeof shape[i] !== 'number' || shape[i] === size || (shape[i]) < 0);

/** As the net was trained on: it takes telephone audio for gibberish at any other rate. Not delayed: the end counts. */
function at16kHz(samples: Int16Array, rateHz: number): Float32Array {
  const floats = Float32Array.from(samples, (x) => x / INT16_FULL_SCALE);
  if (rateHz === LOG_MEL_RATE_HZ) return floats;
  const resampler = createFloatResampler({ fromHz: rateHz, toHz: LOG_MEL_RATE_HZ });
  const delay = Math.round(resampler.delaySamples);
  const padded = new Float32Array(floats.length + Math.ceil((delay * rateHz) / LOG_MEL_RATE_HZ) + 1);
  padded.set(floats);
  return resampler.process(padded).slice(delay, delay + Math.round((floats.length * LOG_MEL_RATE_HZ) / rateHz));
}

const say = (answer: Answer): void => void process.send?.(answer);
// The node is gone.
process.on('disconnect', () => process.exit());
try {
  const answer = await open(JSON.parse(process.argv[2] ?? '{}') as Setup);
  process.on('message', (question: Question) => {
    answer(question).then(
      (probability) => say({ type: 'answer', id: question.id, probability }),
      (error: unknown) => say({ type: 'answer', id: question.id, probability: undefined, reason: messageOf(error) }),
    );
  });
  say({ type: 'ready' });
} catch (error) {
  say({ type: 'failed', reason: messageOf(error) });
}
