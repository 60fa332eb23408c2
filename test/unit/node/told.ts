import type { CallEnd } from '../../../voice-node/domain/observer.js';
import type { Vitals } from '../../../voice-node/domain/operations.js';
import type { ProcessGauge, ProcessReading } from '../../../voice-node/domain/process-gauge.js';
import type { ShardListener } from '../../../voice-node/node/shard.js';

export interface Told {
  readonly listener: ShardListener;
  /** Everything but vitals, as a line each. */
  readonly lines: string[];
  readonly vitals: Vitals[];
  /** Resolves with the first line, told already or later, that begins so. */
  line(start: string): Promise<string>;
  /** Resolves with the next vitals. */
  nextVitals(): Promise<Vitals>;
}

/** A listener that writes down what it is told, and wakes who waits for it. */
export function told(): Told {
  const lines: string[] = [];
  const vitals: Vitals[] = [];
  let waiting: (() => void)[] = [];
  const wake = (): void => {
    const woken = waiting;
    waiting = [];
    for (const each of woken) each();
  };
  const write = (line: string): void => {
    lines.push(line);
    wake();
  };
  const line = async (start: string): Promise<string> => {
    for (;;) {
      const found = lines.find((each) => each.startsWith(start));
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  const nextVitals = async (): Promise<Vitals> => {
    const before = vitals.length;
    for (;;) {
      const next = vitals[before];
      if (next !== undefined) return next;
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  const listener: ShardListener = {
    ready: () => write('ready'),
    vitals: (each) => {
      vitals.push(each);
      wake();
    },
    said: (callId, said) => write(`said ${callId} ${said.by}: ${said.text}`),
    identity: (callId, identity) => write(`identity ${callId} ${identity}`),
    ended: (callId: string, end: CallEnd) => write(`ended ${callId} ${end}`),
    retiring: () => write('retiring'),
    died: (reason) => write(`died ${reason}`),
  };
  return { listener, lines, vitals, line, nextVitals };
}

export const READING: ProcessReading = { loopP99Ms: 1, utilisation: 0.1, cpu: 0.2, residentBytes: 1e8 };

/** Shows what the test says. */
export class StubGauge implements ProcessGauge {
  reading: ProcessReading = READING;
  closed = 0;
  read(): ProcessReading {
    return this.reading;
  }
  close(): void {
    this.closed++;
  }
}

export const vitalsOf = (over: Partial<Vitals> = {}): Vitals => ({ lateShare: 0, ...READING, calls: [], ...over });
