import type { DetectorKind } from '../../voice-node/domain/speech.js';
import { DEFAULT_TURNS } from '../../voice-node/hearing/turns.js';
import type { DetectorFactory } from '../../voice-node/providers/vad/create.js';
import type { Stream } from '../speech-set/format.js';
import { SET_RATE_HZ } from '../speech-set/format.js';
import { TapeDetector, chainMarks, probabilitiesOf } from './chain.js';
import { heldByFrame, type Contender, type Heard } from './heard.js';
import { Hysteresis, LiveKitPlugin, Pipecat, follow, framesOf, type Policy } from './policies.js';
import { StockSilero, stockScores, type StockNet } from './stock-scores.js';
import { VAD_NODE_WINDOW_MS, VadNodeNet, vadNodeMarks } from './vad-node.js';
import { vadWebMarks } from './vad-web.js';

const STOCK_WINDOW_MS = 32;

/** One of the node's detectors in the node's own hearing, while the robot is silent. */
export class OurChain implements Contender {
  readonly name: string;
  readonly ours = true;
  readonly silenceMs = DEFAULT_TURNS.minSilenceMs;
  private readonly kind: DetectorKind;
  private readonly factory: DetectorFactory;

  constructor(name: string, kind: DetectorKind, factory: DetectorFactory) {
    this.name = name;
    this.kind = kind;
    this.factory = factory;
  }

  hear(samples: Int16Array): Heard & { readonly tape: TapeDetector } {
    const detector = this.factory.create(this.kind, SET_RATE_HZ);
    const scores = probabilitiesOf(detector, samples);
    const tape = new TapeDetector(detector, scores);
    detector.close();
    const marks = chainMarks(samples, tape);
    tape.reset();
    return { marks, scores, tape };
  }
}

/** Somebody else's rule over the windows of a net that is not ours. */
class Peer implements Contender {
  readonly name: string;
  readonly ours = false;
  readonly silenceMs: number;
  /** Several rules look at the same scores; the table of how well they separate names them once. */
  private readonly showsScores: boolean;
  private readonly net: StockNet;
  private readonly marks: (scores: Float32Array, samples: Int16Array) => Heard['marks'] | Promise<Heard['marks']>;

  constructor(name: string, silenceMs: number, net: StockNet, showsScores: boolean, marks: Peer['marks']) {
    this.name = name;
    this.silenceMs = silenceMs;
    this.net = net;
    this.showsScores = showsScores;
    this.marks = marks;
  }

  async hear(samples: Int16Array, stream: Stream): Promise<Heard> {
    const { net } = this;
    const scores = await stockScores(net, samples, stream);
    return {
      marks: await this.marks(scores, samples),
      scores: this.showsScores ? heldByFrame(scores, net.windowMs, framesOf(samples)) : undefined,
    };
  }
}

export function ourContenders(factory: DetectorFactory): OurChain[] {
  return [new OurChain('voice-node (Silero)', 'silero', factory), new OurChain('voice-node, WebRTC', 'webrtc', factory), new OurChain('voice-node, energy', 'energy', factory)];
}

export function peerContenders(): Contender[] {
  const silero = new StockSilero();
  const vadNode = new VadNodeNet();
  const over = (name: string, silenceMs: number, policy: () => Policy, showsScores = false): Contender =>
    new Peer(name, silenceMs, silero, showsScores, (scores, samples) => follow(policy(), scores, STOCK_WINDOW_MS, samples));
  const plain = { start: 0.5, stop: 0.35, windowMs: STOCK_WINDOW_MS };
  return [
    over('stock Silero v6.2, 16 kHz', 500, () => new Hysteresis({ ...plain, count: 2, window: 3, silenceMs: 500 }), true),
    over('LiveKit inference.VAD', 250, () => new Hysteresis({ ...plain, count: 2, window: 2, silenceMs: 250 })),
    over('LiveKit plugin silero', 550, () => new LiveKitPlugin(STOCK_WINDOW_MS)),
    over('Pipecat', 200, () => new Pipecat(STOCK_WINDOW_MS)),
    new Peer('vad-web 0.0.31 (v6.2)', 1400, silero, false, (scores) => vadWebMarks(scores, STOCK_WINDOW_MS)),
    new Peer('vad-node 0.0.3 (v4)', 8 * VAD_NODE_WINDOW_MS, vadNode, true, (scores) => vadNodeMarks(scores)),
  ];
}
