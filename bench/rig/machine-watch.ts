import { readFileSync } from 'node:fs';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

// What the machine itself did while something was measured: a virtual machine may be stopped by its host, and then
// every process on it is late through no fault of its own.

const TICK_MS = 5;
/** A thread that has nothing to do was woken so much too late. */
const STALL_MS = 30;

export interface MachineReport {
  /** Share of the processor time that the host gave to others (steal, proc(5)), 0 to 1. */
  readonly stolen: number;
  /** How late an idle thread was, where it was more than 30 ms. */
  readonly stallsMs: readonly number[];
}

/** Watches from now on, in a thread of its own that does nothing else. */
export class MachineWatch {
  readonly #worker = new Worker(new URL(import.meta.url));
  readonly #stallsMs: number[] = [];
  readonly #before = processorTime();

  constructor() {
    this.#worker.on('message', (lateMs: number) => this.#stallsMs.push(lateMs));
  }

  async stop(): Promise<MachineReport> {
    await this.#worker.terminate();
    const after = processorTime();
    return { stolen: (after.stolen - this.#before.stolen) / (after.all - this.#before.all), stallsMs: this.#stallsMs };
  }
}

/** Of all cores, in ticks: user, nice, system, idle, iowait, irq, softirq, steal. */
function processorTime(): { readonly all: number; readonly stolen: number } {
  const ticks = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').trim().split(/\s+/).slice(1, 9).map(Number);
  return { all: ticks.reduce((sum, each) => sum + each, 0), stolen: ticks[7] ?? 0 };
}

if (!isMainThread) {
  let lastMs = performance.now();
  setInterval(() => {
    const nowMs = performance.now();
    const lateMs = nowMs - lastMs - TICK_MS;
    if (lateMs > STALL_MS) parentPort?.postMessage(Math.round(lateMs));
    lastMs = nowMs;
  }, TICK_MS);
}
