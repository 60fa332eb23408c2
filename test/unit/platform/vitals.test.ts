import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Worker } from 'node:worker_threads';
import { systemClock } from '../../../voice-node/platform/clock.js';
import { SystemGauge } from '../../../voice-node/platform/vitals.js';
import { monotonicMs } from '../../../voice-node/domain/time.js';

const pause = (ms: number): Promise<void> => new Promise((resolve) => void systemClock.at(monotonicMs(systemClock.nowMs() + ms), resolve));
const block = (ms: number): void => {
  const untilMs = systemClock.nowMs() + ms;
  while (systemClock.nowMs() < untilMs);
};

describe('the instruments of this process', () => {
  let gauge: SystemGauge;
  beforeEach(() => void (gauge = new SystemGauge()));
  afterEach(() => gauge.close());

  it('show an event loop that stands still, and that it did, only once', async () => {
    // Some samples first: the histogram counts from one to the next.
    await pause(30);
    gauge.read();
    await pause(30);
    block(150);
    await pause(0);
    block(150);
    await pause(30);
    const { loopP99Ms, utilisation } = gauge.read();
    // At least what was done on purpose, less the resolution; the machine may add to it.
    expect(loopP99Ms).toBeGreaterThan(120);
    expect(utilisation).toBeGreaterThan(0.3);
    expect(utilisation).toBeLessThanOrEqual(1);
    const { loopP99Ms: again } = gauge.read();
    expect(again).toBe(0);
  });

  it('report the delay beyond their own resolution: an idle loop is not 5 ms late', async () => {
    // With the resolution in it no reading could be below 5 ms; on a busy machine not each is what an idle loop shows.
    let quietestMs = Infinity;
    for (let reading = 0; reading < 100 && quietestMs >= 4; reading++) {
      await pause(60);
      const { loopP99Ms, utilisation } = gauge.read();
      quietestMs = Math.min(quietestMs, loopP99Ms);
      expect(utilisation).toBeLessThan(1);
    }
    expect(quietestMs).toBeLessThan(4);
  });

  it('show the CPU time of all threads and the memory', async () => {
    gauge.read();
    const worker = new Worker('const end = Date.now() + 300; while (Date.now() < end); process.exit(0)', { eval: true });
    await once(worker, 'exit');
    const { cpu, residentBytes } = gauge.read();
    expect(cpu).toBeGreaterThan(0.1);
    expect(cpu).toBeLessThan(64);
    expect(residentBytes).toBeGreaterThan(10e6);
    expect(residentBytes).toBeLessThan(1e11);
  });
});
