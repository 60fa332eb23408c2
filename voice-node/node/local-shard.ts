import type { Clock, Timer } from '../domain/clock.js';
import { messageOf } from '../domain/errors.js';
import type { CallEnd, Log } from '../domain/observer.js';
import { VITALS_MS } from '../domain/operations.js';
import type { ProcessGauge } from '../domain/process-gauge.js';
import { monotonicMs } from '../domain/time.js';
import { LiveCalls, type CallFactory } from './live-calls.js';
import type { CallRequest, Shard, ShardListener } from './shard.js';
import { VitalsProbe } from './vitals.js';

export interface LocalShardOptions {
  readonly name: string;
  /** Makes the calls. */
  readonly create: CallFactory;
  /** Closed with the shard. */
  readonly gauge: ProcessGauge;
  /** What `metrics` resolves with; nothing where the process tells its own metrics anyway. */
  readonly metrics?: () => Promise<readonly unknown[]>;
  readonly clock: Clock;
  readonly log: Log;
}

/** A shard in this very process: for its own main program behind ShardServer, or for a node without side processes. */
export class LocalShard implements Shard {
  readonly name: string;
  readonly pid = process.pid;
  readonly #options: LocalShardOptions;
  readonly #listener: ShardListener;
  readonly #calls: LiveCalls;
  readonly #probe: VitalsProbe;
  #timer: Timer;
  #stopping: Promise<void> | undefined;
  #over = false;

  constructor(options: LocalShardOptions, listener: ShardListener) {
    this.name = options.name;
    this.#options = options;
    this.#listener = listener;
    this.#probe = new VitalsProbe(options.gauge);
    const told = {
      said: (callId: string, said: Parameters<ShardListener['said']>[1]): void => this.#tell(() => listener.said(callId, said)),
      identity: (callId: string, identity: string): void => this.#tell(() => listener.identity(callId, identity)),
      ended: (callId: string, end: CallEnd, last?: Parameters<VitalsProbe['ended']>[0]): void => {
        if (last !== undefined) this.#probe.ended(last);
        this.#tell(() => listener.ended(callId, end));
      },
    };
    this.#calls = new LiveCalls(options.create, told, options.clock, options.log);
    // Not before whoever makes the shard has it in his hands.
    this.#timer = options.clock.at(options.clock.nowMs(), () => {
      this.#tell(() => listener.ready());
      this.#schedule();
    });
  }

  get calls(): number {
    return this.#calls.count;
  }

  begin(request: CallRequest): void {
    if (!this.#over && this.#stopping === undefined) this.#calls.begin(request);
  }

  hangUp(callId: string, end: CallEnd): void {
    this.#calls.hangUp(callId, end);
  }

  sayGoodbye(callId: string): void {
    this.#calls.sayGoodbye(callId);
  }

  metrics(): Promise<readonly unknown[]> {
    return this.#options.metrics?.() ?? Promise.resolve([]);
  }

  /** Waits for the calls to end for `graceMs`; what is left then says good-bye. Vitals go on. Never rejects. */
  drain(graceMs: number): Promise<void> {
    return this.#calls.drain(graceMs);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#calls.close().then(() => this.#die('stopped'));
    return this.#stopping;
  }

  kill(): void {
    this.#die('killed');
    this.#calls.hangUpAll('shutdown');
  }

  #schedule(): void {
    const { clock } = this.#options;
    if (this.#over) return;
    this.#timer = clock.at(monotonicMs(clock.nowMs() + VITALS_MS), () => {
      const vitals = this.#probe.take(this.#calls.views());
      this.#tell(() => this.#listener.vitals(vitals));
      this.#schedule();
    });
  }

  #die(reason: string): void {
    if (this.#over) return;
    this.#tell(() => this.#listener.died(reason));
    this.#over = true;
    this.#timer.cancel();
    this.#options.gauge.close();
  }

  /** What a listener throws is its own bug and must reach neither a call nor the timer. */
  #tell(what: () => void): void {
    if (this.#over) return;
    try {
      what();
    } catch (error) {
      this.#options.log.error({ shard: this.name, error: error instanceof Error ? error.stack : messageOf(error) }, 'a bug in what listens to a shard');
    }
  }
}
