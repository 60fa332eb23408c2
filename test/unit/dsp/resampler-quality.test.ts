import { describe, expect, it } from 'vitest';

import { RESAMPLER_RATES_HZ } from '../../../voice-node/dsp/resampler-plan.js';
import { createFloatResampler, createResampler, type ResamplerProfile } from '../../../voice-node/dsp/resampler.js';
import { decibels, fitTone, rootMeanSquare, sine, toFloat32, toInt16, type ToneFit } from './signals.js';

interface Way {
  readonly fromHz: number;
  readonly toHz: number;
  readonly profile: ResamplerProfile;
}

/** Longest tail of any filter here down to -130 dB, and the window that is analysed. */
const SETTLE_S = 0.1;
const WINDOW_S = 0.1;
/** -6 dBFS, away from any saturation. */
const AMPLITUDE = 0.5;

/** Measured from outside: a tone in, and what comes out in the settled part, sample 0 of the stream being time 0. */
function through(way: Way, hz: number): { fit: ToneFit; rms: number } {
  const input = toFloat32(sine(Math.round((SETTLE_S + WINDOW_S) * way.fromHz), way.fromHz, hz, AMPLITUDE));
  const out = createFloatResampler(way).process(input);
  const from = Math.round(SETTLE_S * way.toHz);
  return { fit: fitTone(out, way.toHz, hz, from), rms: rootMeanSquare(out, from) };
}

const grid = (from: number, to: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => from + ((i + 0.37) / count) * (to - from));

/** Largest deviation from the level at 40 Hz, in dB. */
function rippleDb(way: Way, toEdgeHz: number): number {
  const reference = through(way, 40).fit.amplitude;
  return Math.max(...[...grid(60, toEdgeHz, 40), toEdgeHz].map((hz) => Math.abs(decibels(through(way, hz).fit.amplitude / reference))));
}

/** Where a tone at `hz` lands after sampling at `rateHz`. */
const folded = (hz: number, rateHz: number): number => Math.abs(hz - rateHz * Math.round(hz / rateHz));

/** Going down: the loudest that any tone from beyond the band leaves on 0..edge. Going up: all that is not the tone. */
function aliasDb(way: Way, edgeHz: number): number {
  const reference = AMPLITUDE / Math.SQRT2;
  if (way.toHz < way.fromHz) {
    const beyond = grid(way.toHz - edgeHz, way.fromHz / 2, 90).filter((hz) => folded(hz, way.toHz) <= edgeHz);
    return Math.max(...beyond.map((hz) => decibels(through(way, hz).rms / reference)));
  }
  return Math.max(...grid(60, edgeHz, 40).map((hz) => decibels(through(way, hz).fit.residualRms / reference)));
}

/** Mean group delay over 0.3 to 3.4 kHz in ms, from the phases of neighbouring tones. */
function delayMs(way: Way): number {
  const step = 25;
  const tones = Array.from({ length: (3400 - 300) / step + 1 }, (_, i) => 300 + i * step);
  const phases = tones.map((hz) => through(way, hz).fit.phase);
  let turned = 0;
  for (let i = 1; i < phases.length; i++) {
    const turn = (phases[i] as number) - (phases[i - 1] as number);
    turned += turn - 2 * Math.PI * Math.round(turn / (2 * Math.PI));
  }
  return (-turned / (2 * Math.PI * (3400 - 300))) * 1000;
}

function distortionDb(way: Way, hz: number): { float: number; int16: number } {
  const peak = 10 ** (-1 / 20);
  const tone = sine(Math.round((SETTLE_S + 0.5) * way.fromHz), way.fromHz, hz, peak);
  const from = Math.round(SETTLE_S * way.toHz);
  const float = fitTone(createFloatResampler(way).process(toFloat32(tone)), way.toHz, hz, from);
  const int16 = fitTone(createResampler(way).process(toInt16(tone)), way.toHz, hz, from);
  return { float: decibels((float.residualRms / float.amplitude) * Math.SQRT2), int16: decibels((int16.residualRms / int16.amplitude) * Math.SQRT2) };
}

/** Rounding at the input, spread over its band, of which the output keeps what the filter passes, and at the output. */
function int16FloorDb(way: Way): number {
  const kept = 0.95 * Math.min(1, way.toHz / way.fromHz);
  return 10 * Math.log10(((kept + 1) / 12 / 32767 ** 2) * (2 / 10 ** (-1 / 10)));
}

const down = { fromHz: 48000, toHz: 8000 } as const;
const up = { fromHz: 8000, toHz: 48000 } as const;

describe.each([
  { way: { ...down, profile: 'conversation' }, edge: 3400, ripple: 0.001, alias: -115, delay: 0.55, float: -115 },
  { way: { ...up, profile: 'conversation' }, edge: 3400, ripple: 0.001, alias: -115, delay: 0.55, float: -115 },
  { way: { ...down, profile: 'linear' }, edge: 3400, ripple: 0.1, alias: -95, delay: 1.6, float: -95 },
  { way: { ...up, profile: 'linear' }, edge: 3400, ripple: 0.1, alias: -95, delay: 1.6, float: -95 },
  { way: { ...down, profile: 'archive' }, edge: 3650, ripple: 0.001, alias: -125, delay: 14, float: -120 },
  { way: { ...up, profile: 'archive' }, edge: 3650, ripple: 0.001, alias: -125, delay: 14, float: -120 },
  { way: { fromHz: 48000, toHz: 16000, profile: 'conversation' }, edge: 6800, ripple: 0.001, alias: -115, delay: 0.55, float: -115 },
  { way: { fromHz: 16000, toHz: 48000, profile: 'conversation' }, edge: 6800, ripple: 0.001, alias: -115, delay: 0.55, float: -115 },
  { way: { fromHz: 48000, toHz: 24000, profile: 'conversation' }, edge: 10200, ripple: 0.001, alias: -115, delay: 0.55, float: -115 },
  { way: { fromHz: 24000, toHz: 48000, profile: 'conversation' }, edge: 10200, ripple: 0.001, alias: -115, delay: 0.55, float: -115 },
] as const)('$way.profile $way.fromHz to $way.toHz', ({ way, edge, ripple, alias, delay, float }) => {
  it(`ripples at most ${ripple} dB to ${edge} Hz`, () => expect(rippleDb(way, edge)).toBeLessThanOrEqual(ripple));

  it(`leaves at most ${alias} dB of alias or image on 0 to ${edge} Hz`, () => expect(aliasDb(way, edge)).toBeLessThanOrEqual(alias));

  it(`delays speech by at most ${delay} ms, and says so`, () => {
    const measured = delayMs(way);
    expect(measured).toBeLessThanOrEqual(delay);
    expect((1000 * createResampler(way).delaySamples) / way.toHz).toBeCloseTo(measured, 2);
  });

  it(`distorts 1 kHz at -1 dBFS by at most ${float} dB in float, and by rounding alone in int16`, () => {
    const { float: measured, int16 } = distortionDb(way, 1000.3);
    expect(measured).toBeLessThanOrEqual(float);
    const floor = int16FloorDb(way);
    // `linear` stands 3 dB above the floor's own level, so it adds to it.
    expect(Math.abs(int16 - 10 * Math.log10(10 ** (floor / 10) + (way.profile === 'linear' ? 10 ** (measured / 10) : 0)))).toBeLessThanOrEqual(0.5);
  });
});

const OTHER = RESAMPLER_RATES_HZ.flatMap((fromHz) => RESAMPLER_RATES_HZ.filter((toHz) => toHz !== fromHz).map((toHz) => [fromHz, toHz] as const));

describe.each(['conversation', 'linear', 'archive'] as const)('%s, every pair of rates', (profile) => {
  it.each(OTHER)('%i to %i: flat, 80 dB clean on 0.85 of the lower band, and as late as it says', (fromHz, toHz) => {
    const way = { fromHz, toHz, profile };
    const nyquist = Math.min(fromHz, toHz) / 2;
    const reference = through(way, 40).fit.amplitude;
    for (const hz of grid(0.2 * nyquist, 0.85 * nyquist, 5)) {
      const { fit } = through(way, hz);
      expect(Math.abs(decibels(fit.amplitude / reference))).toBeLessThanOrEqual(0.16);
      expect(decibels(fit.residualRms / fit.amplitude)).toBeLessThanOrEqual(-80);
    }
    if (toHz < fromHz) {
      for (const hz of grid(1.15 * nyquist, fromHz / 2, 8)) {
        if (folded(hz, toHz) <= 0.85 * nyquist) expect(decibels(through(way, hz).rms / (AMPLITUDE / Math.SQRT2))).toBeLessThanOrEqual(-80);
      }
    }
    // The phase at 250 Hz against the stated delay, which is the mean over the band: up to whole periods.
    const offMs = 1000 * (through(way, 250).fit.phase / (2 * Math.PI * 250) + createResampler(way).delaySamples / toHz);
    expect(Math.abs(offMs - 4 * Math.round(offMs / 4))).toBeLessThan(profile === 'conversation' ? 0.25 : 0.001);
  });
});
