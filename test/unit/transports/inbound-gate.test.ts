import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InboundGate } from '../../../voice-node/transports/livekit/inbound-gate.js';

/** Feeds frames of 20 ms that arrive at the given times; which of them were let in. */
const admitted = (arrivalsMs: readonly number[]): boolean[] => {
  const gate = new InboundGate();
  return arrivalsMs.map((ms) => gate.admit(20, ms));
};

describe('the gate for the caller’s audio', () => {
  it('lets in what comes at the pace of speech, however it jitters below the bound', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 190, noNaN: true }), { maxLength: 300 }), fc.double({ min: 0, max: 1e6, noNaN: true }), (jitter, beginMs) => {
        expect(admitted(jitter.map((ms, i) => beginMs + 20 * i + ms)).every(Boolean)).toBe(true);
      }),
    );
  });

  it('throws away the backlog of a stall, but for its newest 200 ms, and goes on at once', () => {
    const before = Array.from({ length: 50 }, (_, i) => 20 * i);
    // The loop stands still for a second; then 50 frames come at once.
    const burst = Array.from({ length: 50 }, () => 2000);
    const after = Array.from({ length: 50 }, (_, i) => 2020 + 20 * i);
    const result = admitted([...before, ...burst, ...after]);
    expect(result.slice(0, 50).every(Boolean)).toBe(true);
    const dropped = result.slice(50, 100).filter((one) => !one).length;
    expect(dropped).toBeGreaterThanOrEqual(38);
    expect(dropped).toBeLessThanOrEqual(40);
    expect(result.slice(100).every(Boolean)).toBe(true);
  });

  it('hears a track again that had paused for ten seconds', () => {
    const before = Array.from({ length: 50 }, (_, i) => 20 * i);
    const after = Array.from({ length: 500 }, (_, i) => 11_000 + 20 * i);
    const result = admitted([...before, ...after]);
    expect(result.slice(50).indexOf(true)).toBeLessThanOrEqual(10);
    expect(result.slice(60).every(Boolean)).toBe(true);
  });

  it('follows a clock that runs slow, up to a thousandth', () => {
    const arrivals = Array.from({ length: 50 * 3600 }, (_, i) => 20.0199 * i);
    expect(admitted(arrivals).every(Boolean)).toBe(true);
  });
});
