import { createRequire } from 'node:module';
import { createResampler } from '../../voice-node/dsp/resampler.js';
import { loadDetectors } from '../../voice-node/providers/vad/create.js';
import { DEFAULT_GATE } from '../../voice-node/providers/vad/gate.js';
import { silentState } from '../../voice-node/providers/vad/silero-check.js';
import { SileroNet } from '../../voice-node/providers/vad/silero-net.js';
import { SILERO_RULE, SileroDetector } from '../../voice-node/providers/vad/silero.js';
import { liveKit } from './livekit-loop.js';
import { OnnxNet } from './onnx-net.js';
import { vadWeb } from './vad-web-loop.js';

/** What hears one call: 20 ms of int16 at 8 kHz at a time. */
export interface Ear {
  push(frame: Int16Array): number | Promise<number>;
}

/** Loads what all calls share and gives out ears. */
export interface Contender {
  readonly name: string;
  load(): Promise<{ open(): Ear; close(): void }>;
}

const engine = (name: string, speculate: boolean): Contender => ({
  name,
  async load() {
    const detectors = await loadDetectors({ kinds: ['silero'], speculate });
    return { open: () => detectors.create('silero', 8000), close: () => detectors.close() };
  },
});

/** The same samples brought to 16 kHz beforehand, as a wideband call would have them. */
const wide: Contender = {
  name: 'voice-node, a call of 16 kHz',
  async load() {
    const detectors = await loadDetectors({ kinds: ['silero'] });
    return {
      open() {
        const detector = detectors.create('silero', 16_000);
        const twice = new Int16Array(320);
        return {
          push(frame) {
            for (let i = 0; i < twice.length; i++) twice[i] = frame[i >> 1] as number;
            return detector.push(twice);
          },
        };
      },
      close: () => detectors.close(),
    };
  },
};

/** Gate, windows and speculation as in the node; upsampler and net as they were before it had an engine of its own. */
const onnx: Contender = {
  name: 'the same on onnxruntime-node',
  load() {
    const session = new OnnxNet();
    const state = session.newState();
    const net = new SileroNet(
      {
        form: () => ({ rateHz: 16_000, input: session.input }),
        remember: () => undefined,
        run(_, values, __, next) {
          (state.current.data as Float32Array).set(values);
          const p = session.run(state, next !== undefined);
          next?.set(state.current.data as Float32Array);
          return p;
        },
      },
      16_000,
    );
    const silence = silentState(net);
    const shared = { nets: { 8000: net, 16_000: net }, silence: { 8000: silence, 16_000: silence } };
    return Promise.resolve({
      open() {
        const detector = new SileroDetector(shared, 16_000, { rule: SILERO_RULE, gate: DEFAULT_GATE, speculate: true });
        const upsampler = createResampler({ fromHz: 8000, toHz: 16_000 });
        const up = new Int16Array(upsampler.maxOutputSamples(160));
        const frame16 = up.subarray(0, 320);
        return {
          push(frame) {
            upsampler.processInto(frame, up);
            return detector.push(frame16);
          },
        };
      },
      close: () => session.close(),
    });
  },
};

export const CONTENDERS: readonly Contender[] = [
  engine('voice-node', true),
  engine('voice-node, not looking between windows', false),
  wide,
  onnx,
  vadWeb(createRequire(import.meta.url)),
  liveKit,
];
