import type { CallRateHz } from '../../voice-node/domain/audio.js';
import type { SpeechFeed, Transcript, TranscribeRequest, SpeechToText } from '../../voice-node/domain/stt.js';

/** An utterance that has been spoken already, in frames of 20 ms. */
export function spokenFeed(samples: Int16Array, rateHz: CallRateHz): SpeechFeed {
  const frame = rateHz / 50;
  return {
    rateHz,
    ended: Promise.resolve(),
    async *[Symbol.asyncIterator]() {
      for (let at = 0; at < samples.length; at += frame) yield samples.subarray(at, at + frame);
    },
  };
}

/** An utterance under way: frames are handed in one by one. */
export class LiveFeed implements SpeechFeed {
  readonly rateHz: CallRateHz;
  readonly ended: Promise<void>;
  readonly #frames: Int16Array[] = [];
  #isOver = false;
  #wake: (() => void) | undefined;
  #resolveEnded: () => void = () => undefined;

  constructor(rateHz: CallRateHz) {
    this.rateHz = rateHz;
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));
  }

  push(samples: Int16Array): void {
    this.#frames.push(samples);
    this.#wake?.();
  }

  end(): void {
    this.#isOver = true;
    this.#resolveEnded();
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Int16Array> {
    for (let at = 0; ; at++) {
      while (at >= this.#frames.length) {
        if (this.#isOver) return;
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
      yield this.#frames[at] as Int16Array;
    }
  }
}

export interface Heard {
  readonly transcripts: Transcript[];
  connected: boolean;
  audioSeconds: number;
}

/** Writes down one utterance and keeps everything that came. */
export async function writeDown(stt: SpeechToText, speech: SpeechFeed, options: { language?: string; signal?: AbortSignal } = {}): Promise<Heard> {
  const heard: Heard = { transcripts: [], connected: false, audioSeconds: 0 };
  const request: TranscribeRequest = {
    speech,
    language: options.language ?? 'en-US',
    signal: options.signal ?? new AbortController().signal,
    connected: () => (heard.connected = true),
    used: (unit, amount) => {
      if (unit === 'audio_seconds') heard.audioSeconds += amount;
    },
  };
  for await (const transcript of stt.transcribe(request)) heard.transcripts.push(transcript);
  return heard;
}
