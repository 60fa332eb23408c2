import { fileURLToPath } from 'node:url';
import type { CallsMeter } from '../../voice-node/domain/observer.js';
import type { NodeView } from '../../voice-node/domain/operations.js';
import { mediaEnvironment } from '../../voice-node/config.js';
import { ChildShard, forkScript } from '../../voice-node/node/child-shard.js';
import { Desk, type Offer } from '../../voice-node/node/desk.js';
import type { Rooms } from '../../voice-node/node/rooms.js';
import { Shards } from '../../voice-node/node/shards.js';
import { systemClock } from '../../voice-node/platform/clock.js';
import { silentLog } from '../../voice-node/platform/log.js';
import type { MemoryReport } from '../rig/memory-caller.js';
import { wait } from '../rig/operator.js';

const SCRIPT = fileURLToPath(new URL('./memory-shard.js', import.meta.url));
const READY_LIMIT_MS = 30_000;

const nobody: CallsMeter = { offered: () => undefined, refused: () => undefined, ended: () => undefined, resumed: () => undefined };
const noRooms: Rooms = { people: () => Promise.resolve(undefined), remove: () => Promise.resolve(), token: () => Promise.resolve('none') };

/** The node's own desk and shards over callers in memory: everything but LiveKit and HTTP. */
export class MemoryNode {
  readonly desk: Desk;
  readonly #shards: Shards;
  #next = 0;

  /** `byCount`: all are let in at once; otherwise as admission by lateness has it. */
  constructor(shards: number, roomsPerShard: number, periodMs: number, robot: string, byCount: boolean) {
    const log = silentLog;
    const clock = systemClock;
    this.desk = new Desk({ node: 'memory', shards, roomsPerShard, byCount }, { clock, log, meter: nobody, rooms: noRooms });
    const create = this.desk.watched((name, listener) => new ChildShard({ name, spawn: () => forkScript(SCRIPT, [name, String(periodMs), robot], mediaEnvironment()), clock, log }, listener));
    this.#shards = new Shards({ count: shards, create, clock, log });
    this.#shards.start();
  }

  async ready(): Promise<void> {
    const endMs = performance.now() + READY_LIMIT_MS;
    while (this.desk.shards.some(({ state }) => state !== 'ready')) {
      if (performance.now() > endMs) throw new Error('the shards did not come up');
      await wait(50);
    }
  }

  get view(): NodeView {
    return this.desk.view();
  }

  /** One more call, if the desk takes it. */
  async call(): Promise<Offer> {
    const offer = await this.desk.offer(`room-${this.#next++}`);
    if ('callId' in offer) void this.desk.assigned(offer.callId, 'none', '');
    return offer;
  }

  /** What the callers of each shard noticed so far. */
  async callers(): Promise<readonly MemoryReport[]> {
    const all = await Promise.all(this.#shards.up().map((shard) => shard.metrics()));
    return all.map((metrics) => (metrics as { readonly name: string; readonly callers: MemoryReport }[]).find(({ name }) => name === 'bench')?.callers as MemoryReport);
  }

  stop(): void {
    this.#shards.kill();
  }
}
