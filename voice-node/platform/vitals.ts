import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { ProcessGauge, ProcessReading } from '../domain/process-gauge.js';

/**
 * How often the event loop's delay is sampled. Two readings a second then hold some 95 samples, of which the 99th
 * percentile is the second highest: a single pause of the garbage collector does not make it. With 10 ms it is the
 * highest of all.
 */
const RESOLUTION_MS = 5;
const NS_PER_MS = 1e6;

/** The instruments of this very process, from perf_hooks and the operating system. */
export class SystemGauge implements ProcessGauge {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #atMs = performance.now();
  #loop = performance.eventLoopUtilization();
  #cpu = process.cpuUsage();

  constructor() {
    this.#delay.enable();
  }

  read(): ProcessReading {
    const nowMs = performance.now();
    const loop = performance.eventLoopUtilization();
    const cpu = process.cpuUsage();
    // The histogram holds the time from one sample to the next, which is the resolution where nothing was late.
    const loopP99Ms = this.#delay.count === 0 ? 0 : Math.max(0, this.#delay.percentile(99) / NS_PER_MS - RESOLUTION_MS);
    const cpuMs = (cpu.user + cpu.system - this.#cpu.user - this.#cpu.system) / 1000;
    const elapsedMs = nowMs - this.#atMs;
    const { utilization } = performance.eventLoopUtilization(loop, this.#loop);
    this.#delay.reset();
    this.#atMs = nowMs;
    this.#loop = loop;
    this.#cpu = cpu;
    return {
      loopP99Ms,
      utilisation: Number.isFinite(utilization) ? Math.min(1, Math.max(0, utilization)) : 0,
      cpu: elapsedMs > 0 ? cpuMs / elapsedMs : 0,
      residentBytes: process.memoryUsage.rss(),
    };
  }

  close(): void {
    this.#delay.disable();
  }
}
