import type { Journal, Said } from '../../../voice-node/domain/journal.js';
import { CALL_ENDS, REFUSALS, type CallEnd, type CallsMeter, type Refusal } from '../../../voice-node/domain/observer.js';
import { VITALS_MS, type CallView, type NodeView, type Vitals } from '../../../voice-node/domain/operations.js';
import { monotonicMs } from '../../../voice-node/domain/time.js';
import { Desk, type DeskOptions, type DeskPorts } from '../../../voice-node/node/desk.js';
import type { Person, Rooms } from '../../../voice-node/node/rooms.js';
import type { CallRequest, Shard, ShardListener } from '../../../voice-node/node/shard.js';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import { MemoryLog } from '../call/rig.js';

/** What a shard's load is for a number of calls with a caller. */
export type LoadModel = (talking: number) => Pick<Vitals, 'lateShare' | 'loopP99Ms' | 'utilisation'>;
export const LIGHT: LoadModel = (talking) => ({ lateShare: 0, loopP99Ms: 2, utilisation: Math.min(1, 0.01 * talking) });

/** A shard without media: it does as the test says, and remembers what it was told. */
export class FakeShard implements Shard {
  readonly pid = 4711;
  readonly begun: CallRequest[] = [];
  readonly hungUp: { readonly callId: string; readonly end: CallEnd }[] = [];
  readonly goodbyes: string[] = [];
  /** Phase of each call that lives here. */
  readonly calls = new Map<string, { readonly request: CallRequest; phase: string }>();
  model: LoadModel = LIGHT;
  /** Whether a call ends when it is hung up, and after its good-bye. */
  obedient = true;
  alive = true;
  readonly name: string;
  readonly listener: ShardListener;

  constructor(name: string, listener: ShardListener) {
    this.name = name;
    this.listener = listener;
  }

  begin(request: CallRequest): void {
    this.begun.push(request);
    if (this.alive) this.calls.set(request.callId, { request, phase: 'connecting' });
  }

  hangUp(callId: string, end: CallEnd): void {
    this.hungUp.push({ callId, end });
    if (this.obedient) this.end(callId, end);
  }

  sayGoodbye(callId: string): void {
    this.goodbyes.push(callId);
    if (this.obedient) this.end(callId, 'shutdown');
  }

  metrics = (): Promise<readonly unknown[]> => Promise.resolve([]);
  stop = (): Promise<void> => Promise.resolve();
  kill = (): void => this.die('killed');

  end(callId: string, end: CallEnd): void {
    if (this.alive && this.calls.delete(callId)) this.listener.ended(callId, end);
  }

  say(callId: string, said: Said): void {
    if (this.alive) this.listener.said(callId, said);
  }

  /** Puts calls into a phase and tells it. */
  tell(phase?: string, callIds: readonly string[] = [...this.calls.keys()]): void {
    if (!this.alive) return;
    for (const callId of callIds) {
      const call = this.calls.get(callId);
      if (call !== undefined && phase !== undefined) call.phase = phase;
    }
    const calls = [...this.calls.values()].map(({ request: { callId, room }, phase: now }): CallView => ({ callId, room, robot: 'echo', phase: now, turns: 0, lateTicks: 0, ticks: 0, rejoins: 0 }));
    const talking = calls.filter((view) => ['listening', 'hearing', 'thinking', 'speaking'].includes(view.phase)).length;
    this.listener.vitals({ ...this.model(talking), cpu: 0, residentBytes: 1e8, calls });
  }

  die(reason = 'SIGKILL'): void {
    if (!this.alive) return;
    this.alive = false;
    this.calls.clear();
    this.listener.died(reason);
  }
}

/** A LiveKit server's rooms, as far as robots are put out of them. */
export class FakeRooms implements Rooms {
  readonly inside = new Map<string, Person[]>();
  readonly removed: string[] = [];
  readonly tokens: string[] = [];
  /** What every request comes to instead. */
  trouble: (() => Promise<never>) | undefined;

  people = async (room: string): Promise<readonly Person[] | undefined> => (this.trouble === undefined ? this.inside.get(room) : this.trouble());

  async remove(room: string, identity: string): Promise<void> {
    if (this.trouble !== undefined) return this.trouble();
    this.removed.push(identity);
    this.inside.set(room, (this.inside.get(room) ?? []).filter((person) => person.identity !== identity));
  }

  token = (room: string, identity: string): Promise<string> => {
    this.tokens.push(identity);
    return Promise.resolve(`token of ${identity} for ${room}`);
  };
}

export class CountingCalls implements CallsMeter {
  offeredCount = 0;
  readonly refusals: Refusal[] = [];
  readonly ends: CallEnd[] = [];
  readonly resumptions: string[] = [];
  offered = (): void => void this.offeredCount++;
  refused = (reason: Refusal): void => void this.refusals.push(reason);
  ended = (end: CallEnd): void => void this.ends.push(end);
  resumed = (why: string): void => void this.resumptions.push(why);
}

export interface DeskRig {
  readonly desk: Desk;
  readonly clock: VirtualClock;
  readonly log: MemoryLog;
  readonly meter: CountingCalls;
  readonly rooms: FakeRooms;
  /** All shards ever made, the newest last. */
  readonly made: FakeShard[];
  /** The newest of this name. */
  shard(name: string): FakeShard;
  /** Starts a process of this name; ready at once where it is not told otherwise. */
  start(name: string, ready?: boolean): FakeShard;
  /** Takes a call to where its shard has begun it; throws where it is refused. */
  call(room: string): Promise<string>;
  /** Where a call lives. */
  where(callId: string): FakeShard | undefined;
  /** Goes on for so long, with every shard telling its vitals. */
  run(ms: number, each?: () => void): Promise<void>;
}

export interface DeskRigOptions extends Partial<DeskOptions> {
  readonly journal?: Journal;
  readonly clock?: VirtualClock;
  readonly rooms?: FakeRooms;
  readonly ports?: Partial<DeskPorts>;
  /** Shards that are ready at the start. */
  readonly up?: number;
}

export function deskRig(options: DeskRigOptions = {}): DeskRig {
  const { journal, clock = new VirtualClock(1_700_000_000_000), rooms = new FakeRooms(), ports, up = options.shards ?? 2, ...rest } = options;
  const log = new MemoryLog();
  const meter = new CountingCalls();
  const made: FakeShard[] = [];
  const desk = new Desk({ node: 'test', shards: 2, roomsPerShard: 24, ...rest }, { clock, log, meter, rooms, ...(journal === undefined ? {} : { journal }), ...ports });
  const silent: ShardListener = { ready: () => undefined, vitals: () => undefined, said: () => undefined, identity: () => undefined, ended: () => undefined, died: () => undefined };
  const factory = desk.watched((name, listener) => {
    const shard = new FakeShard(name, listener);
    made.push(shard);
    return shard;
  });
  const newest = (name: string): FakeShard => {
    const found = made.filter((shard) => shard.name === name).at(-1);
    if (found === undefined) throw new Error(`no shard ${name}`);
    return found;
  };
  const rig: DeskRig = {
    ...{ desk, clock, log, meter, rooms, made },
    shard: newest,
    start(name, ready = true) {
      factory(name, silent);
      if (ready) newest(name).listener.ready();
      return newest(name);
    },
    async call(room) {
      const offer = await desk.offer(room);
      if ('refused' in offer) throw new Error(`refused: ${offer.refused}`);
      if (desk.assigned(offer.callId, `token of ${offer.identity}`, '{"robot":"echo"}') === undefined) throw new Error('not assigned');
      return offer.callId;
    },
    where: (callId) => made.find((shard) => shard.alive && shard.calls.has(callId)),
    async run(ms, each) {
      const endMs = clock.nowMs() + ms;
      while (clock.nowMs() < endMs) {
        await clock.advanceTo(Math.min(endMs, clock.nowMs() + VITALS_MS));
        for (const shard of made) shard.tell();
        each?.();
      }
      await clock.advanceTo(monotonicMs(endMs));
    },
  };
  for (let n = 1; n <= up; n++) rig.start(String(n));
  return rig;
}

/** Whether the books balance, and the meter says the same. */
export function balances({ desk, meter }: Pick<DeskRig, 'desk' | 'meter'>): boolean {
  const view: NodeView = desk.view();
  const ended = CALL_ENDS.reduce((sum, end) => sum + view.ended[end], 0);
  const refused = REFUSALS.reduce((sum, reason) => sum + view.refused[reason], 0);
  return view.offered === view.live + ended + refused && meter.offeredCount === view.offered && meter.ends.length === ended && meter.refusals.length === refused;
}
