// @ts-check
import { describe, expect, it } from 'vitest';
import { Ballistics, FLOOR_DBFS, levelText, meterFraction, rmsDbfs } from '../../../static/level.js';

describe('rmsDbfs', () => {
  it('is 0 for a square wave and -3.01 for a sine at full scale', () => {
    expect(rmsDbfs(Float32Array.from({ length: 960 }, (_, i) => (i % 96 < 48 ? 1 : -1)))).toBeCloseTo(0, 9);
    expect(rmsDbfs(Float32Array.from({ length: 960 }, (_, i) => Math.sin((2 * Math.PI * i) / 48)))).toBeCloseTo(-3.0103, 3);
  });

  it('is minus infinity for silence and for nothing', () => {
    expect(rmsDbfs(new Float32Array(480))).toBe(-Infinity);
    expect(rmsDbfs(new Float32Array(0))).toBe(-Infinity);
  });
});

it('meterFraction is linear in dB between its ends and stays there beyond', () => {
  expect([-Infinity, -90, FLOOR_DBFS, -30, 0, 6, NaN].map(meterFraction)).toEqual([0, 0, 0, 0.5, 1, 1, 0]);
});

it('levelText uses a true minus sign and calls the rest silent', () => {
  expect([levelText(-31.6), levelText(-60), levelText(-Infinity)]).toEqual(['−32 dBFS', 'silent', 'silent']);
});

describe('Ballistics', () => {
  it('rises at once and falls by 30 dB a second', () => {
    const meter = new Ballistics();
    meter.update(-10, 0);
    expect(meter.levelDbfs).toBe(-10);
    meter.update(-Infinity, 500);
    expect(meter.levelDbfs).toBeCloseTo(-25, 9);
    meter.update(-5, 516);
    expect(meter.levelDbfs).toBe(-5);
  });

  it('holds a peak for 1.2 s', () => {
    const meter = new Ballistics();
    meter.update(-10, 0);
    meter.update(-50, 1200);
    expect(meter.peakDbfs).toBe(-10);
    meter.update(-50, 1217);
    expect(meter.peakDbfs).toBeLessThan(-40);
  });

  it('comes up again from pure silence', () => {
    const meter = new Ballistics();
    for (let ms = 0; ms < 100; ms += 16) meter.update(-Infinity, ms);
    expect(meter.levelDbfs).toBe(-Infinity);
    meter.update(-20, 200);
    expect([meter.levelDbfs, meter.peakDbfs]).toEqual([-20, -20]);
  });
});
