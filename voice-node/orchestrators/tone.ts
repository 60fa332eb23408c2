import type { Conversation, ConversationHost, Orchestrator } from '../domain/orchestrator.js';
import { samplesIn } from '../domain/time.js';
import { fadeInInPlace, fadeOutInPlace } from '../dsp/fade.js';
import { ToneGenerator } from '../dsp/tone.js';

export interface ToneOptions {
  readonly frequencyHz: number;
  readonly durationMs: number;
  readonly levelDbfs: number;
}

export const DEFAULT_TONE: ToneOptions = { frequencyHz: 700, durationMs: 1000, levelDbfs: -12 };

const RATE_HZ = 16_000;
/** Long enough to make no click, short enough not to blur when the answer begins. */
const EDGE_MS = 2;

/** Answers every utterance with a tone: measures the loop, because where a tone begins can be told to the sample. */
export class ToneOrchestrator implements Orchestrator {
  readonly mode = 'tone';
  readonly #samples: Int16Array;

  constructor(options: ToneOptions = DEFAULT_TONE) {
    this.#samples = new Int16Array(samplesIn(options.durationMs, RATE_HZ));
    new ToneGenerator({ rateHz: RATE_HZ, ...options }).fillInto(this.#samples);
    const edge = samplesIn(EDGE_MS, RATE_HZ);
    fadeInInPlace(this.#samples, 0, edge);
    fadeOutInPlace(this.#samples, this.#samples.length - edge, edge);
  }

  open(host: ConversationHost): Conversation {
    return {
      speechEnded: (turn: number): void => {
        const reply = host.beginReply(turn);
        reply.understood();
        reply.chosen();
        void reply.audio(this.#samples, RATE_HZ);
        reply.end();
      },
      stopPlayback: () => undefined,
      close: () => undefined,
    };
  }
}
