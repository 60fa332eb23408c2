import { join } from 'node:path';
import { cacheFolder, loadConfig, ROOT } from '../../voice-node/config.js';
import type { CallRateHz } from '../../voice-node/domain/audio.js';
import type { Denoiser } from '../../voice-node/domain/denoiser.js';
import type { SpeechFeed } from '../../voice-node/domain/stt.js';
import { systemClock } from '../../voice-node/platform/clock.js';
import { PocketSphinx } from '../../voice-node/providers/stt/pocketsphinx.js';
import { wordErrors } from '../rig/spoken.js';
import { heard, scene } from './audio.js';
import type { Material } from './material.js';

export interface Condition {
  /** Undefined: clean. */
  readonly noise?: string;
  readonly snrDb?: number;
}

export interface WordScore {
  readonly errors: number;
  readonly words: number;
}

export const conditionName = ({ noise, snrDb }: Condition): string => (noise === undefined ? 'clean' : `${noise} ${snrDb} dB`);

/** Word errors of pocketsphinx over all that is said, in one condition. The same noise falls on the same words each time. */
export async function wordsIn(material: Material, condition: Condition, rateHz: CallRateHz, denoiser: Denoiser | undefined): Promise<WordScore> {
  const noise = condition.noise === undefined ? undefined : material.noises.get(condition.noise);
  // A process of its own: what it has learned of one line must not help it on the next.
  const stt = new PocketSphinx({ python: join(cacheFolder(loadConfig()), 'pocketsphinx', 'bin', 'python'), script: join(ROOT, 'sidecars/pocketsphinx.py'), clock: systemClock });
  const total = { errors: 0, words: 0 };
  try {
    for (const [i, { text, samples }] of material.spoken.entries()) {
      const wire = scene(samples, noise && { samples: noise, at: (i * 97_001) % noise.length, snrDb: condition.snrDb ?? 0 });
      const { errors, words } = wordErrors(spelled(text), await understood(stt, heard(wire, denoiser, rateHz), rateHz));
      total.errors += errors;
      total.words += words;
    }
  } finally {
    stt.close();
  }
  return total;
}

const DIGITS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];
const spelled = (text: string): string => text.replace(/\d/g, (digit) => ` ${DIGITS[Number(digit)] ?? ''} `);

async function understood(stt: PocketSphinx, samples: Int16Array, rateHz: CallRateHz): Promise<string> {
  const step = rateHz / 10;
  const speech: SpeechFeed = {
    rateHz,
    ended: Promise.resolve(),
    async *[Symbol.asyncIterator]() {
      for (let at = 0; at < samples.length; at += step) yield samples.subarray(at, at + step);
    },
  };
  let text = '';
  const request = { speech, language: 'en-US', signal: new AbortController().signal, connected: () => undefined, used: () => undefined };
  for await (const result of stt.transcribe(request)) text = result.text;
  return text;
}
