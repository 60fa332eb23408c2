import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { cacheFolder, loadConfig, ROOT } from '../../voice-node/config.js';
import type { CallRateHz } from '../../voice-node/domain/audio.js';
import type { SpeechFeed } from '../../voice-node/domain/stt.js';
import { createResampler } from '../../voice-node/dsp/resampler.js';
import { systemClock } from '../../voice-node/platform/clock.js';
import { PocketSphinx } from '../../voice-node/providers/stt/pocketsphinx.js';
import { PHRASES, spokenBy, wordErrors } from '../rig/spoken.js';

/**
 * How well pocketsphinx understands the voices of flite, at both rates of a call, and how long it takes after the
 * end of speech. The audio is handed over in real time, as a call does.
 */
const VOICES = ['rms', 'kal16', 'slt'] as const;
const FRAME_MS = 20;

function heardAt(rateHz: CallRateHz, samples: Int16Array): Int16Array {
  const padded = new Int16Array(samples.length + 48 * 600);
  padded.set(samples, 48 * 400);
  return createResampler({ fromHz: 48_000, toHz: rateHz }).process(padded);
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** 20 ms every 20 ms. */
function spokenLive(samples: Int16Array, rateHz: CallRateHz, onEnd: () => void): SpeechFeed {
  const step = (rateHz * FRAME_MS) / 1000;
  return {
    rateHz,
    ended: Promise.resolve(),
    async *[Symbol.asyncIterator]() {
      const startMs = performance.now();
      for (let at = 0, frame = 1; at < samples.length; at += step, frame++) {
        yield samples.subarray(at, at + step);
        await pause(Math.max(0, startMs + frame * FRAME_MS - performance.now()));
      }
      onEnd();
    },
  };
}

async function understood(stt: PocketSphinx, samples: Int16Array, rateHz: CallRateHz): Promise<{ readonly text: string; readonly afterMs: number }> {
  let endMs = 0;
  let text = '';
  const speech = spokenLive(samples, rateHz, () => (endMs = performance.now()));
  for await (const result of stt.transcribe({ speech, language: 'en-US', signal: new AbortController().signal, connected: () => undefined, used: () => undefined })) text = result.text;
  return { text, afterMs: performance.now() - endMs };
}

const python = join(cacheFolder(loadConfig()), 'pocketsphinx', 'bin', 'python');
const stt = new PocketSphinx({ python, script: join(ROOT, 'sidecars/pocketsphinx.py'), clock: systemClock });
console.log('voice  rate   word errors      after the end of speech, ms');
for (const rateHz of [8000, 16_000] as const) {
  for (const voice of VOICES) {
    let errors = 0;
    let words = 0;
    const after: number[] = [];
    for (const phrase of PHRASES) {
      const { text, afterMs } = await understood(stt, heardAt(rateHz, spokenBy(voice, phrase, 48_000)), rateHz);
      const count = wordErrors(phrase, text);
      errors += count.errors;
      words += count.words;
      after.push(afterMs);
    }
    after.sort((a, b) => a - b);
    const rate = `${((100 * errors) / words).toFixed(1)} % (${errors} of ${words})`;
    console.log(`${voice.padEnd(6)} ${String(rateHz).padEnd(6)} ${rate.padEnd(16)} median ${after[after.length >> 1]?.toFixed(0)}, longest ${after.at(-1)?.toFixed(0)}`);
  }
}
const resident = execFileSync('ps', ['-o', 'rss=', '--ppid', String(process.pid)], { encoding: 'utf8' });
console.log(`memory of a process: ${Math.max(...resident.trim().split('\n').map(Number)) >> 10} MB`);
stt.close();
