import { beforeAll, describe, expect, it } from 'vitest';

import { ENERGY_RULE, EnergyDetector } from '../../../voice-node/providers/vad/energy.js';
import { WEBRTC_RULE, WebrtcDetector, loadFvad } from '../../../voice-node/providers/vad/webrtc.js';
import { noise } from './signals.js';

const flat = (level: number): Int16Array => new Int16Array(160).fill(level);

describe('energy', () => {
  const detector = new EnergyDetector(200, ENERGY_RULE);
  const of = (frame: Int16Array): number => {
    detector.reset();
    return detector.push(frame);
  };

  it('has its threshold at an RMS of 200, and goes on down to 2.7 dB below it', () => {
    expect(of(flat(199))).toBeLessThan(0.5);
    expect(of(flat(-201))).toBeGreaterThan(0.5);
    expect(of(flat(150))).toBeGreaterThan(ENERGY_RULE.stop);
    expect(of(flat(145))).toBeLessThan(ENERGY_RULE.stop);
    // A sine has its peak over the square root of 2.
    const sine = (peak: number): Int16Array => Int16Array.from({ length: 160 }, (_, i) => Math.round(peak * Math.sin((2 * Math.PI * i) / 16)));
    expect(of(sine(280))).toBeLessThan(0.5);
    expect(of(sine(286))).toBeGreaterThan(0.5);
    expect(of(flat(0))).toBe(0);
  });

  it('gets used to a noise within two seconds, and hears what stands 8 dB out of it', () => {
    const samples = noise(160 * 500, 500, 3);
    const one = new EnergyDetector(200, ENERGY_RULE);
    const heard = Array.from({ length: 500 }, (_, i) => one.push(samples.subarray(i * 160, (i + 1) * 160)));
    expect(heard.slice(0, 50).every((p) => p >= 0.5)).toBe(true);
    expect(heard.slice(110).every((p) => p < ENERGY_RULE.stop)).toBe(true);
    expect(one.push(flat(1400))).toBeGreaterThan(0.5);
    expect(one.push(flat(1000))).toBeLessThan(0.5);
  });

  it('never gets used to somebody who breathes', () => {
    const one = new EnergyDetector(200, ENERGY_RULE);
    let least = 1;
    // Ten seconds of voice with a gap of 100 ms in each second and a half.
    for (let i = 0; i < 500; i++) {
      const isGap = i % 75 >= 70;
      const p = one.push(flat(isGap ? 10 : 2000));
      if (!isGap) least = Math.min(least, p);
    }
    expect(least).toBeGreaterThan(0.5);
  });

  it('hears again after a noise has ended', () => {
    const one = new EnergyDetector(200, ENERGY_RULE);
    for (let i = 0; i < 200; i++) one.push(flat(3000));
    for (let i = 0; i < 15; i++) one.push(flat(10));
    expect(one.push(flat(400))).toBeGreaterThan(0.5);
  });

  it('wants 5 loud frames to start and 3 to interrupt', () => {
    expect(detector.rule).toMatchObject({ startFrames: 5, startWindow: 5, interruptFrames: 3, interruptWindow: 3 });
    expect(detector.rule.certain).toBeGreaterThan(1);
    expect(detector.rule.interruptCertain).toBeGreaterThan(1);
  });
});

describe('webrtc', () => {
  let fvad: Awaited<ReturnType<typeof loadFvad>>;
  beforeAll(async () => {
    fvad = await loadFvad();
  });

  it('goes on when the module gets more memory, and frees what it took', () => {
    const detector = new WebrtcDetector(fvad, 8000, 3, WEBRTC_RULE);
    const twin = new WebrtcDetector(fvad, 8000, 3, WEBRTC_RULE);
    const before = fvad.HEAP16;
    const samples = noise(160 * 100, 3000);
    const hear = (one: WebrtcDetector, from: number, to: number): number[] =>
      Array.from({ length: to - from }, (_, i) => one.push(samples.subarray((from + i) * 160, (from + i + 1) * 160)));
    const expected = hear(twin, 0, 100);
    const first = hear(detector, 0, 50);
    // More than the module has: its memory grows, and every view of it is another one.
    const taken = fvad._malloc(before.byteLength);
    expect(taken).not.toBe(0);
    expect(before.byteLength).toBe(0);
    expect(fvad.HEAP16.byteLength).toBeGreaterThan(0);
    expect([...first, ...hear(detector, 50, 100)]).toEqual(expected);
    expect(expected).toContain(1);
    fvad._free(taken);
    detector.close();
    twin.close();
  });

  it('does not leak: 20 000 calls one after the other need no more memory', () => {
    const bytes = fvad.HEAP16.buffer.byteLength;
    for (let i = 0; i < 20_000; i++) new WebrtcDetector(fvad, 16_000, 3, WEBRTC_RULE).close();
    expect(fvad.HEAP16.buffer.byteLength).toBe(bytes);
  });

  it('is stricter in mode 3 than in mode 0', () => {
    const count = (mode: 0 | 3): number => {
      const detector = new WebrtcDetector(fvad, 8000, mode, WEBRTC_RULE);
      const samples = noise(160 * 200, 150, 4);
      let voiced = 0;
      for (let at = 0; at < samples.length; at += 160) voiced += detector.push(samples.subarray(at, at + 160));
      detector.close();
      return voiced;
    };
    expect(count(0)).toBeGreaterThan(count(3));
  });

  it('fails with a code once closed, and closing twice is harmless', () => {
    const detector = new WebrtcDetector(fvad, 8000, 3, WEBRTC_RULE);
    detector.close();
    detector.close();
    expect(() => detector.push(new Int16Array(160))).toThrow(expect.objectContaining({ code: 'vad_failed' }));
  });

  it('does not ask about what hardly stands out of the line', () => {
    const detector = new WebrtcDetector(fvad, 8000, 0, WEBRTC_RULE);
    const samples = noise(160 * 600, 300, 5);
    const heard = Array.from({ length: 600 }, (_, i) => detector.push(samples.subarray(i * 160, (i + 1) * 160)));
    expect(heard.slice(0, 50)).toContain(1);
    expect(heard.slice(110)).not.toContain(1);
    const voice = noise(160 * 20, 1500, 6);
    expect(Array.from({ length: 20 }, (_, i) => detector.push(voice.subarray(i * 160, (i + 1) * 160)))).toContain(1);
    detector.close();
  });

  it('refuses a mode that does not exist', () => {
    expect(() => new WebrtcDetector(fvad, 8000, 7 as never, WEBRTC_RULE)).toThrow(/mode 7/);
  });
});
