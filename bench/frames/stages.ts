import { AudioFrame, AudioResampler, AudioResamplerQuality } from '@livekit/rtc-node';
import { PLAYOUT_FRAME_SAMPLES } from '../../voice-node/domain/audio.js';
import { monotonicMs } from '../../voice-node/domain/time.js';
import { Framer } from '../../voice-node/dsp/framer.js';
import { createResampler } from '../../voice-node/dsp/resampler.js';
import { Hearing } from '../../voice-node/hearing/hearing.js';
import { DEFAULT_TURNS } from '../../voice-node/hearing/turns.js';
import type { DetectorFactory } from '../../voice-node/providers/vad/create.js';
import { Player } from '../../voice-node/speaking/player.js';
import type { DetectorKind } from '../../voice-node/domain/speech.js';

/** One thing that is done every 20 ms. */
export interface StageBench {
  readonly name: string;
  /** Handles frame number `i`. */
  run(i: number): void;
  close?(): void;
}

const IN_48K = 960;
const OUT_8K = 160;
const nothing = (): void => undefined;

/**
 * A minute of noise cut into 20 ms. `talking`: loud enough to be speech for two seconds, quiet for one; the
 * utterances that follow are audio that is handed over, not waste. Otherwise nobody speaks.
 */
function frames(rateHz: number, talking: boolean): Int16Array[] {
  const length = rateHz / 50;
  let state = 1;
  return Array.from({ length: 3000 }, (_, n) => {
    const level = talking && n % 150 < 100 ? 6000 : 20;
    return Int16Array.from({ length }, () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return Math.round((state / 0x40000000 - 1) * level);
    });
  });
}

const wire = frames(48_000, true);
const quiet = frames(48_000, false);
const narrow = frames(8000, true);
const at = (list: readonly Int16Array[], i: number): Int16Array => list[i % list.length] as Int16Array;

function hearing(detectors: DetectorFactory, kind: DetectorKind): Hearing {
  return new Hearing({ callRateHz: 8000, detector: detectors.create(kind, 8000), turns: DEFAULT_TURNS }, { frame: nothing, speech: nothing });
}

/** A player that is given 20 ms of 8 kHz at each tick, as by a speech synthesis that keeps pace. */
function player(sink: (frame: Int16Array) => boolean): { tick(i: number): void } {
  const voice = new Player(
    { queueMs: 2000, maxCatchUpPackets: 3 },
    { send: sink, started: nothing, audible: nothing, finished: nothing, starved: nothing, resumed: nothing, room: nothing, framesSent: nothing, framesLost: nothing, lateTick: nothing },
  );
  voice.begin(1);
  return {
    tick(i) {
      voice.write(1, at(narrow, i), 0, 8000);
      voice.tick(monotonicMs(i * 20));
    },
  };
}

export function stages(detectors: DetectorFactory): StageBench[] {
  const down = createResampler({ fromHz: 48_000, toHz: 8000 });
  const up = createResampler({ fromHz: 8000, toHz: 48_000 });
  const downOut = new Int16Array(OUT_8K);
  const upOut = new Int16Array(IN_48K);
  const framer = new Framer(OUT_8K, nothing);
  const quietIn = hearing(detectors, 'energy');
  const energyOnly = hearing(detectors, 'energy');
  const withSilero = hearing(detectors, 'silero');
  const last = new Int16Array(PLAYOUT_FRAME_SAMPLES);
  const sink = (frame: Int16Array): boolean => {
    last.set(frame);
    return true;
  };
  const out = player(sink);
  const bothIn = hearing(detectors, 'energy');
  const bothOut = player(sink);
  const arrival = (i: number) => monotonicMs(i * 20);
  return [
    { name: 'resample 48 -> 8 kHz', run: (i) => void down.processInto(at(wire, i), downOut) },
    { name: 'framer', run: (i) => framer.push(at(narrow, i)) },
    { name: 'way in, nobody speaks', run: (i) => quietIn.push(at(quiet, i), arrival(i)), close: () => quietIn.close() },
    { name: 'way in, 2 s utterances handed over', run: (i) => energyOnly.push(at(wire, i), arrival(i)), close: () => energyOnly.close() },
    { name: 'resample 8 -> 48 kHz', run: (i) => void up.processInto(at(narrow, i), upOut) },
    { name: 'way out (queue, resample, pace)', run: (i) => out.tick(i) },
    {
      name: 'way in and way out, no model',
     
      run(i) {
        bothIn.push(at(quiet, i), arrival(i));
        bothOut.tick(i);
      },
      close: () => bothIn.close(),
    },
    { name: 'way in, Silero', run: (i) => withSilero.push(at(wire, i), arrival(i)), close: () => withSilero.close() },
    ...liveKitStages(),
  ];
}

function liveKitStages(): StageBench[] {
  return ([[48_000, 8000, wire], [8000, 48_000, narrow]] as const).map(([from, to, source]) => {
    const resampler = new AudioResampler(from, to, 1, AudioResamplerQuality.HIGH);
    return {
      name: `rtc-node AudioResampler HIGH ${from / 1000} -> ${to / 1000} kHz`,
     
      run(i) {
        const frame = at(source, i);
        resampler.push(new AudioFrame(frame, from, 1, frame.length));
      },
    };
  });
}

/** wave-resampler by frame, as its users call it. */
export function waveStages(resample: (samples: Int16Array, from: number, to: number) => ArrayLike<number>): StageBench[] {
  return ([[48_000, 8000, wire], [8000, 48_000, narrow]] as const).map(([from, to, source]) => ({
    name: `wave-resampler ${from / 1000} -> ${to / 1000} kHz`,
   
    run: (i) => void resample(at(source, i).slice(), from, to),
  }));
}
