import type { CallEnd } from '../../../voice-node/domain/observer.js';
import type { CallRequest, Shard, ShardFactory, ShardListener } from '../../../voice-node/node/shard.js';
import { recycled } from '../../../voice-node/node/shards-recycling.js';
import { Shards } from '../../../voice-node/node/shards.js';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import { MemoryLog } from '../call/rig.js';
import { requestOf } from './stub-call.js';

/** A process that does nothing by itself. */
export class StubShard implements Shard {
  readonly name: string;
  readonly pid: number;
  readonly listener: ShardListener;
  readonly begun: string[] = [];
  dead = false;

  constructor(name: string, pid: number, listener: ShardListener) {
    this.name = name;
    this.pid = pid;
    this.listener = listener;
  }

  begin(request: CallRequest): void {
    this.begun.push(request.callId);
  }
  hangUp(callId: string, end: CallEnd): void {
    this.listener.ended(callId, end);
  }
  sayGoodbye(callId: string): void {
    this.listener.ended(callId, 'shutdown');
  }
  metrics(): Promise<readonly unknown[]> {
    return Promise.resolve([this.pid]);
  }
  stop(): Promise<void> {
    this.die('stopped');
    return Promise.resolve();
  }
  kill(): void {
    this.die('killed');
  }
  die(reason: string): void {
    if (this.dead) return;
    this.dead = true;
    this.listener.died(reason);
  }
}

export function setup(count: number, limitBytes = 0) {
  const clock = new VirtualClock();
  const log = new MemoryLog();
  const made: StubShard[] = [];
  const lines: string[] = [];
  const given = new Map<string, Shard>();
  const retiring = new Set<string>();
  let broken = false;
  const create = recycled((name, listener) => {
    if (broken) throw new Error('out of processes');
    const shard = new StubShard(name, made.length + 1, listener);
    made.push(shard);
    return shard;
  }, { limitBytes, count, log });
  // Whoever has to do with the calls listens in the factory, as the desk does.
  const watched: ShardFactory = (name, also) => {
    retiring.delete(name);
    const shard = create(name, telling(name, also, (line) => {
      lines.push(line);
      if (line === `retiring ${name}`) retiring.add(name);
    }));
    given.set(name, shard);
    return shard;
  };
  const shards = new Shards({ count, create: watched, clock, log });
  shards.start();
  const newest = (name: string): StubShard => made.findLast((each) => each.name === name) as StubShard;
  return {
    ...{ shards, clock, log, made, lines, newest },
    states: () => shards.slots.map(({ name, pid, state }) => ({ name, pid, state })),
    /** Those that may be given calls. */
    open: () => shards.up().flatMap(({ name }) => (retiring.has(name) ? [] : [name])),
    begin: (name: string, callId: string) => given.get(name)?.begin(requestOf(callId)),
    breakDown: (on: boolean) => void (broken = on),
  };
}

/** Writes down what is told, and passes it on. */
function telling(name: string, also: ShardListener, write: (line: string) => void): ShardListener {
  const both = <A extends unknown[]>(event: keyof ShardListener, next: ((...args: A) => void) | undefined) => (...args: A): void => {
    write([event, name, ...args.map((each) => (typeof each === 'string' ? each : '…'))].join(' '));
    next?.(...args);
  };
  return {
    ready: both('ready', also.ready),
    vitals: both('vitals', also.vitals),
    said: both('said', also.said),
    identity: both('identity', also.identity),
    ended: both('ended', also.ended),
    retiring: both('retiring', also.retiring),
    died: both('died', also.died),
  };
}
